package main

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var porchVersion = schema.GroupVersion{Group: "porch.kpt.dev", Version: "v1alpha1"}

// PackageRevision has the few fields that the controller reads, as somebody would write them who only reads the docs.
type PackageRevision struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec PackageRevisionSpec `json:"spec,omitempty"`
}

type PackageRevisionSpec struct {
	PackageName    string `json:"packageName,omitempty"`
	RepositoryName string `json:"repository,omitempty"`
	WorkspaceName  string `json:"workspaceName,omitempty"`
	Lifecycle      string `json:"lifecycle,omitempty"`
}

type PackageRevisionList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []PackageRevision `json:"items"`
}

func (p *PackageRevision) DeepCopyObject() runtime.Object {
	// The spec is plain values; only the metadata holds maps and slices.
	copied := *p
	p.ObjectMeta.DeepCopyInto(&copied.ObjectMeta)
	return &copied
}

func (l *PackageRevisionList) DeepCopyObject() runtime.Object {
	copied := *l
	l.ListMeta.DeepCopyInto(&copied.ListMeta)
	copied.Items = make([]PackageRevision, len(l.Items))
	for i := range l.Items {
		copied.Items[i] = *l.Items[i].DeepCopyObject().(*PackageRevision)
	}
	return &copied
}

func addPorchTypes(scheme *runtime.Scheme) {
	scheme.AddKnownTypes(porchVersion, &PackageRevision{}, &PackageRevisionList{})
	metav1.AddToGroupVersion(scheme, porchVersion)
}
