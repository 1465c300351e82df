// Package replacements is apply-replacements, and the fields of set-image, by kustomize's filters. The names of the
// package and of its type are part of an error.
package replacements

import (
	"fmt"

	"github.com/kptdev/krm-functions-sdk/go/fn"
	"sigs.k8s.io/kustomize/api/filters/imagetag"
	"sigs.k8s.io/kustomize/api/filters/replacement"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/filtersutil"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

type Replacements struct {
	Replacements []types.Replacement `json:"replacements"`
}

// Run is apply-replacements: kustomize's filter on copies of the items.
func Run(rl *fn.ResourceList) (bool, error) {
	items, err := replaced(rl)
	if err != nil {
		rl.LogResult(err)
		return false, nil
	}
	rl.Items = items
	return true, nil
}

func replaced(rl *fn.ResourceList) (fn.KubeObjects, error) {
	const kind, apiVersion = "ApplyReplacements", fn.KptFunctionAPIVersion
	config := rl.FunctionConfig
	if config.IsEmpty() {
		return nil, fmt.Errorf("FunctionConfig is missing. Expect `%s`", kind)
	}
	if config.GetKind() != kind || config.GetAPIVersion() != apiVersion {
		return nil, fmt.Errorf("received functionConfig of kind %s and apiVersion %s, only functionConfig of kind %s"+
			" and apiVersion %s is supported", config.GetKind(), config.GetAPIVersion(), kind, apiVersion)
	}
	var wanted Replacements
	if err := config.As(&wanted); err != nil {
		return nil, fmt.Errorf("unable to convert functionConfig to replacements:\n%w", err)
	}
	nodes, err := parsed(rl.Items)
	if err != nil {
		return nil, err
	}
	nodes, err = replacement.Filter{Replacements: wanted.Replacements}.Filter(nodes)
	if err != nil {
		return nil, err
	}
	return objects(nodes)
}

// ImageFields is the part of set-image that looks at additional fields.
func ImageFields(rl *fn.ResourceList) (bool, error) {
	var config struct {
		Image  types.Image   `json:"image"`
		Fields types.FsSlice `json:"additionalImageFields"`
	}
	if err := rl.FunctionConfig.As(&config); err != nil {
		return false, err
	}
	nodes, err := parsed(rl.Items)
	if err != nil {
		return false, err
	}
	for _, node := range nodes {
		filter := imagetag.Filter{ImageTag: config.Image, FsSlice: config.Fields}
		if err := filtersutil.ApplyToJSON(filter, node); err != nil {
			return false, err
		}
	}
	rl.Items, err = objects(nodes)
	return err == nil, err
}

func parsed(items fn.KubeObjects) ([]*yaml.RNode, error) {
	var nodes []*yaml.RNode
	for _, item := range items {
		node, err := yaml.Parse(item.String())
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, node)
	}
	return nodes, nil
}

func objects(nodes []*yaml.RNode) (fn.KubeObjects, error) {
	var items fn.KubeObjects
	for _, node := range nodes {
		item, err := fn.ParseKubeObject([]byte(node.MustString()))
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, nil
}
