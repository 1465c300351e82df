// Runs what kyaml's framework and kustomize do for functions, one JSON line in and one out:
// {"function": NAME, "input": RESOURCELIST} gives {"output": RESOURCELIST, "error": TEXT, "exit": CODE}.
//
// ensure-name-substring and set-annotations are kustomize's transformers of the version that the catalog was built with;
// format is kyaml's filter.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"sigs.k8s.io/kustomize/api/filters/annotations"
	"sigs.k8s.io/kustomize/api/filters/nameref"
	"sigs.k8s.io/kustomize/api/filters/prefixsuffix"
	"sigs.k8s.io/kustomize/api/hasher"
	"sigs.k8s.io/kustomize/api/konfig/builtinpluginconsts"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/resource"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/fn/framework"
	"sigs.k8s.io/kustomize/kyaml/kio"
	"sigs.k8s.io/kustomize/kyaml/kio/filters"
	"sigs.k8s.io/kustomize/kyaml/resid"
	"sigs.k8s.io/yaml"
)

type question struct {
	Function string `json:"function"`
	Input    string `json:"input"`
}

type answer struct {
	Output string `json:"output"`
	Error  string `json:"error"`
	Exit   int    `json:"exit"`
}

type transform func(resources resmap.ResMap, data map[string]string) error

func held(run transform) framework.ResourceListProcessorFunc {
	return func(list *framework.ResourceList) error {
		factory := resource.NewFactory(&hasher.Hasher{})
		factory.IncludeLocalConfigs = true
		resources, err := resmap.NewFactory(factory).NewResMapFromRNodeSlice(list.Items)
		if err != nil {
			return err
		}
		if err := run(resources, list.FunctionConfig.GetDataMap()); err != nil {
			return err
		}
		list.Items = resources.ToRNodeSlice()
		return nil
	}
}

func annotate(resources resmap.ResMap, data map[string]string) error {
	var config struct {
		CommonAnnotations types.FsSlice `json:"commonAnnotations"`
	}
	text := builtinpluginconsts.GetDefaultFieldSpecsAsMap()["commonannotations"]
	if err := yaml.Unmarshal([]byte(text), &config); err != nil {
		return err
	}
	for _, held := range resources.Resources() {
		filter := annotations.Filter{Annotations: data, FsSlice: config.CommonAnnotations}
		if err := held.ApplyFilter(filter); err != nil {
			return err
		}
	}
	return nil
}

type target struct {
	resid.Gvk `json:",inline"`
	Referrers types.FsSlice `json:"fieldSpecs"`
}

func rename(resources resmap.ResMap, data map[string]string) error {
	prefix, suffix := data["prepend"], data["append"]
	for _, held := range resources.Resources() {
		if skipped(held.OrgId().Gvk) || strings.Contains(held.GetName(), prefix+suffix) {
			continue
		}
		held.StorePreviousId()
		held.AddNamePrefix(prefix)
		held.AddNameSuffix(suffix)
		filter := prefixsuffix.Filter{
			Prefix: prefix, Suffix: suffix, FieldSpec: types.FieldSpec{Path: "metadata/name"},
		}
		if err := held.ApplyFilter(filter); err != nil {
			return err
		}
	}
	var config struct {
		NameReference []target `json:"nameReference"`
	}
	text := builtinpluginconsts.GetDefaultFieldSpecsAsMap()["namereference"]
	if err := yaml.Unmarshal([]byte(text), &config); err != nil {
		return err
	}
	for _, referrer := range resources.Resources() {
		candidates := resources.SubsetThatCouldBeReferencedByResource(referrer)
		for _, named := range config.NameReference {
			for _, field := range named.Referrers {
				if !referrer.OrgId().IsSelected(&field.Gvk) {
					continue
				}
				filter := nameref.Filter{
					Referrer: referrer, NameFieldToUpdate: field, ReferralTarget: named.Gvk, ReferralCandidates: candidates,
				}
				if err := referrer.ApplyFilter(filter); err != nil {
					return err
				}
			}
		}
	}
	resources.RemoveBuildAnnotations()
	return nil
}

func skipped(gvk resid.Gvk) bool {
	return gvk.Kind == "CustomResourceDefinition" || gvk.Kind == "Namespace" ||
		(gvk.Kind == "APIService" && gvk.Group == "apiregistration.k8s.io")
}

func format(list *framework.ResourceList) error {
	_, err := filters.FormatFilter{UseSchema: true}.Filter(list.Items)
	return err
}

var functions = map[string]framework.ResourceListProcessorFunc{
	"ensure-name-substring": held(rename),
	"set-annotations":       held(annotate),
	"format":                format,
}

func answered(q question) (a answer) {
	defer func() {
		if problem := recover(); problem != nil {
			a = answer{Error: fmt.Sprintf("panic: %v", problem), Exit: 2}
		}
	}()
	var out bytes.Buffer
	source := &kio.ByteReadWriter{Reader: strings.NewReader(q.Input), Writer: &out, KeepReaderAnnotations: true}
	if err := framework.Execute(functions[q.Function], source); err != nil {
		a.Error, a.Exit = err.Error(), 1
	}
	a.Output = out.String()
	return a
}

func main() {
	lines := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := json.NewEncoder(os.Stdout)
	// Kustomize prints to stdout when it finds a reference ambiguous.
	os.Stdout = os.Stderr
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var q question
		if err := json.Unmarshal(line, &q); err != nil {
			panic(err)
		}
		if err := out.Encode(answered(q)); err != nil {
			panic(err)
		}
	}
}
