// Package setlabels says what set-labels does by upstream's function SDK. The names of the package and of its type are
// part of an error.
package setlabels

import (
	"sort"

	"github.com/kptdev/krm-functions-sdk/go/fn"
)

type SetLabels struct {
	Labels map[string]string `json:"labels,omitempty"`
	count  int
}

type kind struct{ group, version, kind string }

var (
	selecting = []kind{{"", "", "Deployment"}, {"", "", "ReplicaSet"}, {"", "", "DaemonSet"}, {"apps", "", "StatefulSet"}}
	templated = append([]kind{{"", "v1", "ReplicationController"}, {"batch", "", "Job"}}, selecting...)
	services  = []kind{{"", "v1", "Service"}, {"", "v1", "ReplicationController"}}
	changing  = []kind{{"batch", "", "Job"}, {"policy", "", "PodDisruptionBudget"}}
	policies  = []kind{{"networking.k8s.io", "", "NetworkPolicy"}}
	cronJobs  = []kind{{"batch", "", "CronJob"}}
	stateful  = []kind{{"apps", "", "StatefulSet"}}
)

func isOneOf(o *fn.KubeObject, kinds []kind) bool {
	for _, k := range kinds {
		if o.IsGVK(k.group, k.version, k.kind) {
			return true
		}
	}
	return false
}

func saysNothing(config *fn.KubeObject) bool {
	if config.GetKind() == "ConfigMap" && config.GetName() == "function-input" {
		data, _, _ := config.NestedStringMap("data")
		return len(data) == 0
	}
	return config.GetKind() == "" && config.GetName() == ""
}

func (s *SetLabels) Run(_ *fn.Context, config *fn.KubeObject, all fn.KubeObjects, results *fn.Results) bool {
	items := all.WhereNot(fn.IsLocalConfig)
	switch {
	case items.Len() == 0:
		results.Infof("no input resources")
		return true
	case saysNothing(config):
		return false
	case len(s.Labels) == 0:
		results.Warningf("no `labels` arguments are given in FunctionConfig")
		return true
	}
	for _, item := range items {
		if err := s.label(item); err != nil {
			results.ErrorE(err)
		}
	}
	results.Infof("set %v labels in total", s.count)
	return results.ExitCode() != 1
}

// put sets all labels at a path, or only changes those that are there. The first error ends it.
func (s *SetLabels) put(at *fn.SubObject, create bool, path ...string) error {
	if at == nil {
		return nil
	}
	var keys []string
	for key := range s.Labels {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	for _, key := range keys {
		full := append(append([]string{}, path...), key)
		old, found, err := at.NestedString(full...)
		if err != nil {
			return err
		}
		if found && old != s.Labels[key] || !found && create {
			if err := at.SetNestedString(s.Labels[key], full...); err != nil {
				return err
			}
		}
		s.count++
	}
	return nil
}

func first(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (s *SetLabels) label(o *fn.KubeObject) error {
	err := first(
		func() error { return s.put(&o.SubObject, true, "metadata", "labels") },
		func() error { return s.selectors(o) },
	)
	spec := o.GetMap("spec")
	if err != nil || spec == nil {
		return err
	}
	if isOneOf(o, templated) && s.pod(spec.GetMap("template")) != nil {
		return nil
	}
	return first(
		func() error {
			if !isOneOf(o, cronJobs) {
				return nil
			}
			return s.job(spec.GetMap("jobTemplate"))
		},
		func() error {
			if !isOneOf(o, stateful) {
				return nil
			}
			claims, _, err := spec.NestedSlice("volumeClaimTemplates")
			for _, claim := range claims {
				if err == nil {
					err = s.put(claim, true, "metadata", "labels")
				}
				if err == nil {
					err = s.put(claim, false, "selector", "matchLabels")
				}
			}
			return err
		},
		func() error {
			if !isOneOf(o, policies) {
				return nil
			}
			return first(
				func() error { return s.peers(spec, "ingress", "from") },
				func() error { return s.peers(spec, "egress", "to") },
			)
		},
	)
}

func (s *SetLabels) selectors(o *fn.KubeObject) error {
	if isOneOf(o, services) {
		if err := s.put(&o.SubObject, true, "spec", "selector"); err != nil {
			return err
		}
	}
	if found := isOneOf(o, selecting); found || isOneOf(o, changing) {
		if err := s.put(&o.SubObject, found, "spec", "selector", "matchLabels"); err != nil {
			return err
		}
	}
	if isOneOf(o, policies) {
		return s.put(&o.SubObject, false, "spec", "podSelector", "matchLabels")
	}
	return nil
}

func (s *SetLabels) pod(template *fn.SubObject) error {
	if template == nil {
		return nil
	}
	if err := s.put(template, true, "metadata", "labels"); err != nil {
		return err
	}
	spec := template.GetMap("spec")
	if spec == nil {
		return nil
	}
	for _, constraint := range spec.GetSlice("topologySpreadConstraints") {
		if err := s.put(constraint, false, "labelSelector", "matchLabels"); err != nil {
			return err
		}
	}
	affinity := spec.GetMap("affinity")
	if affinity == nil {
		return nil
	}
	for _, name := range []string{"podAffinity", "podAntiAffinity"} {
		if affinity.GetMap(name) == nil {
			continue
		}
		for _, weighted := range affinity.GetSlice("preferredDuringSchedulingIgnoredDuringExecution") {
			if err := s.put(weighted.GetMap("podAffinityTerm"), false, "labelSelector", "matchLabels"); err != nil {
				return err
			}
		}
		for _, term := range affinity.GetSlice("requiredDuringSchedulingIgnoredDuringExecution") {
			if err := s.put(term, false, "labelSelector", "matchLabels"); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *SetLabels) job(template *fn.SubObject) error {
	if template == nil {
		return nil
	}
	if err := s.put(template, true, "metadata", "labels"); err != nil {
		return err
	}
	spec := template.GetMap("spec")
	if spec == nil {
		return nil
	}
	if err := s.put(spec, false, "selector", "matchLabels"); err != nil {
		return err
	}
	return s.pod(spec.GetMap("template"))
}

func (s *SetLabels) peers(spec *fn.SubObject, direction, peers string) error {
	for _, rule := range spec.GetSlice(direction) {
		for _, peer := range rule.GetSlice(peers) {
			if err := s.put(peer, false, "podSelector", "matchLabels"); err != nil {
				return err
			}
		}
	}
	return nil
}
