// Package setnamespace says what set-namespace v0.4.5 does by upstream's function SDK.
package setnamespace

import (
	"fmt"
	"regexp"
	"sort"
	"strings"

	"github.com/kptdev/krm-functions-sdk/go/fn"
	corev1 "k8s.io/api/core/v1"
)

const dependsOn = "config.kubernetes.io/depends-on"

var reference = regexp.MustCompile(`\A([-.\w]*)/namespaces/([-.\w]*)/([-.\w]*)/([-.\w]*)\z`)

type config struct {
	Metadata struct {
		Name        string            `json:"name,omitempty"`
		Namespace   string            `json:"namespace,omitempty"`
		Labels      map[string]string `json:"labels,omitempty"`
		Annotations map[string]string `json:"annotations,omitempty"`
	} `json:"metadata,omitempty"`
	Namespace        string `json:"namespace,omitempty"`
	NamespaceMatcher string `json:"namespaceMatcher,omitempty"`
}

func configured(o *fn.KubeObject) (namespace, matcher string, err error) {
	switch {
	case o.IsEmpty():
		err = fmt.Errorf("FunctionConfig is missing. Expect `ConfigMap.v1` or `SetNamespace.v1alpha1.fn.kpt.dev`")
	case o.IsGVK("", "v1", "ConfigMap"):
		var values corev1.ConfigMap
		if o.As(&values) != nil {
			return "", "", fmt.Errorf("failed to parse FunctionConfig as ConfigMap")
		}
		namespace, matcher = values.Data["namespace"], values.Data["namespaceMatcher"]
		if namespace == "" && values.Name == "kptfile.kpt.dev" {
			namespace = values.Data["name"]
		}
		if namespace == "" {
			err = fmt.Errorf("`data.namespace` should not be empty")
		}
	case o.IsGVK("fn.kpt.dev", "v1alpha1", "SetNamespace"):
		var values config
		if o.As(&values) != nil {
			return "", "", fmt.Errorf("failed to parse FunctionConfig as fn.kpt.dev.v1alpha1.SetNamespace")
		}
		namespace, matcher = values.Namespace, values.NamespaceMatcher
		if namespace == "" {
			err = fmt.Errorf("`namespace` should not be empty")
		}
	default:
		err = fmt.Errorf("unknown functionConfig Kind=%v ApiVersion=%v, expect `ConfigMap.v1` or"+
			" `SetNamespace.v1alpha1.fn.kpt.dev`", o.GetKind(), o.GetAPIVersion())
	}
	return namespace, matcher, err
}

type move struct {
	to, matcher string
	count       int
	left        map[string]bool
	results     fn.Results
}

func (m *move) moved(current, origin string, who ...string) string {
	if origin == fn.UnknownNamespace {
		return current
	}
	if current == "" {
		current = fn.DefaultNamespace
	}
	if current == m.to {
		return current
	}
	if m.matcher != "" {
		if m.matcher == origin {
			m.results.Infof("%s has matching origin %s", who, origin)
		} else if m.matcher != current {
			return current
		}
	}
	m.left[current] = true
	m.count++
	return m.to
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func (m *move) field(o *fn.SubObject, path ...string) {
	current, _, err := o.NestedString(path...)
	must(0, err)
	must(0, o.SetNestedString(m.moved(current, ""), path...))
}

func (m *move) inCluster(o *fn.KubeObject) {
	switch {
	case o.IsGVK("", "v1", "Namespace"):
		_ = o.SetName(m.moved(o.GetName(), must(o.GetOriginID()).Name, o.ShortString()))
	case o.IsGVK("apiextensions.k8s.io", "v1", "CustomResourceDefinition"):
		m.field(&o.SubObject, "spec", "conversion", "webhook", "clientConfig", "service", "namespace")
	case o.IsGVK("apiregistration.k8s.io", "v1", "APIService"):
		m.field(&o.SubObject, "spec", "service", "namespace")
	case o.GetKind() == "ClusterRoleBinding" || o.GetKind() == "RoleBinding":
		for _, subject := range o.GetSlice("subjects") {
			if current, found, _ := subject.NestedString("namespace"); found {
				must(0, subject.SetNestedString(m.moved(current, ""), "namespace"))
			}
		}
	}
}

func sorted(set map[string]bool) []string {
	list := []string{}
	for key := range set {
		list = append(list, key)
	}
	sort.Strings(list)
	return list
}

func (m *move) dependencies(items fn.KubeObjects, before map[string]bool) {
	count, left := 0, map[string]bool{}
	for _, o := range items {
		value := o.GetAnnotations()[dependsOn]
		if !reference.MatchString(value) || !before[value] {
			continue
		}
		parts := strings.Split(value, "/")
		if parts[2] == m.to || m.matcher != "" && m.matcher != parts[2] {
			continue
		}
		left[parts[2]] = true
		count++
		parts[2] = m.to
		_ = o.SetAnnotation(dependsOn, strings.Join(parts, "/"))
	}
	if count == 0 {
		m.results.Infof("all `depends-on` annotations are up-to-date. no `namespace` changed")
		return
	}
	m.results.Infof("`depends-on` annotation namespace %v updated to %q, %d value(s) changed", sorted(left), m.to, count)
}

// Run is set-namespace.
func Run(rl *fn.ResourceList) (bool, error) {
	namespace, matcher, err := configured(rl.FunctionConfig)
	if err != nil {
		rl.Results = append(rl.Results, fn.ErrorConfigObjectResult(err, rl.FunctionConfig))
		return true, nil
	}
	items := rl.Items.WhereNot(fn.IsLocalConfig)
	before := map[string]bool{}
	for _, o := range items {
		id := o.GetID()
		before[fmt.Sprintf("%v/namespaces/%v/%v/%v", id.Group, id.Namespace, id.Kind, id.Name)] = true
	}
	m := &move{to: namespace, matcher: matcher, left: map[string]bool{}}
	for _, o := range items.Where(func(o *fn.KubeObject) bool { return o.IsClusterScoped() }) {
		m.inCluster(o)
	}
	for _, o := range items.Where(func(o *fn.KubeObject) bool { return o.IsNamespaceScoped() }) {
		_ = o.SetNamespace(m.moved(o.GetNamespace(), must(o.GetOriginID()).Namespace, o.ShortString()))
	}
	if m.count == 0 {
		m.results.Infof("all matching namespaces are already %q. no value changed", namespace)
	} else {
		m.results.Infof("namespace %v updated to %q, %d value(s) changed", sorted(m.left), namespace, m.count)
	}
	m.dependencies(items, before)
	rl.Results = append(rl.Results, m.results...)
	return true, nil
}
