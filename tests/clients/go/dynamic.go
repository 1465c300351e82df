package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
)

// runDynamic leads the object on standard input through its life, with a client that knows nothing of its kind, while
// a watch looks on. Each step is one line with what was answered.
func runDynamic(ctx context.Context, config *rest.Config, arguments []string) error {
	flags, namespace := options("dynamic")
	resource := flags.String("resource", "configmaps.v1.", "as RESOURCE.VERSION.GROUP")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	kind, _ := schema.ParseResourceArg(*resource)
	if kind == nil {
		return fmt.Errorf("%q is not RESOURCE.VERSION.GROUP", *resource)
	}
	var obj unstructured.Unstructured
	if err := json.NewDecoder(os.Stdin).Decode(&obj.Object); err != nil {
		return err
	}
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return err
	}
	life := life{ctx, client.Resource(*kind).Namespace(*namespace), &obj}
	return life.lead()
}

// life is one object with the client of its kind.
type life struct {
	ctx    context.Context
	client dynamic.ResourceInterface
	obj    *unstructured.Unstructured
}

func (l life) lead() error {
	events, err := l.client.Watch(l.ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	defer events.Stop()
	name := l.obj.GetName()
	created, err := l.client.Create(l.ctx, l.obj, metav1.CreateOptions{})
	step("create", created, err)
	_, err = l.client.Create(l.ctx, l.obj, metav1.CreateOptions{})
	step("create again", nil, err)
	got, err := l.client.Get(l.ctx, name, metav1.GetOptions{})
	step("get", got, err)
	l.update(got)
	l.patch(name)
	list, err := l.client.List(l.ctx, metav1.ListOptions{LabelSelector: "step=merged"})
	steps("list", list, err)
	l.remove(name, got.GetUID())
	return told(events, name)
}

func (l life) update(got *unstructured.Unstructured) {
	stale := got.DeepCopy()
	got.SetLabels(map[string]string{"step": "updated"})
	updated, err := l.client.Update(l.ctx, got, metav1.UpdateOptions{})
	step("update", updated, err)
	stale.SetLabels(map[string]string{"step": "stale"})
	_, err = l.client.Update(l.ctx, stale, metav1.UpdateOptions{})
	step("update stale", nil, err)
}

func (l life) patch(name string) {
	send := func(words string, kind types.PatchType, body string, options metav1.PatchOptions) {
		patched, err := l.client.Patch(l.ctx, name, kind, []byte(body), options)
		step(words, patched, err)
	}
	test := `[{"op": "test", "path": "/metadata/labels/step", "value": "%s"},` +
		`{"op": "replace", "path": "/metadata/labels/step", "value": "json"}]`
	send("json patch", types.JSONPatchType, fmt.Sprintf(test, "updated"), metav1.PatchOptions{})
	send("json patch of another", types.JSONPatchType, fmt.Sprintf(test, "other"), metav1.PatchOptions{})
	merge := `{"metadata": {"labels": {"step": "%s"}}}`
	dry := metav1.PatchOptions{DryRun: []string{metav1.DryRunAll}}
	send("dry merge patch", types.MergePatchType, fmt.Sprintf(merge, "dry"), dry)
	send("merge patch", types.MergePatchType, fmt.Sprintf(merge, "merged"), metav1.PatchOptions{})
}

// remove deletes the object by a wrong uid, by its own, and once more.
func (l life) remove(name string, uid types.UID) {
	wrong := types.UID("00000000-0000-0000-0000-000000000000")
	for _, attempt := range []struct {
		words string
		uid   types.UID
	}{{"delete another", wrong}, {"delete", uid}, {"delete again", uid}} {
		preconditions := metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &attempt.uid}}
		step(attempt.words, nil, l.client.Delete(l.ctx, name, preconditions))
	}
}

// step reports what a call returned: the object's step label, or the reason of the refusal.
func step(words string, obj *unstructured.Unstructured, err error) {
	line := fields{"step": words}
	if err != nil {
		line["reason"], line["message"] = apierrors.ReasonForError(err), err.Error()
	} else if obj != nil {
		line["name"], line["label"] = obj.GetName(), obj.GetLabels()["step"]
	}
	report("step", line)
}

func steps(words string, list *unstructured.UnstructuredList, err error) {
	names := []string{}
	if list != nil {
		for _, item := range list.Items {
			names = append(names, item.GetName())
		}
	}
	line := fields{"step": words, "names": names}
	if err != nil {
		line["reason"], line["message"] = apierrors.ReasonForError(err), err.Error()
	}
	report("step", line)
}

// told reports what the watch has seen of the object, up to its deletion.
func told(events watch.Interface, name string) error {
	seen := []string{}
	late := time.After(30 * time.Second)
	for {
		select {
		case event, open := <-events.ResultChan():
			if !open {
				return errors.New("the watch has ended")
			}
			obj, ok := event.Object.(*unstructured.Unstructured)
			if !ok || obj.GetName() != name {
				continue
			}
			seen = append(seen, fmt.Sprintf("%s %s", event.Type, obj.GetLabels()["step"]))
			if event.Type == watch.Deleted {
				report("watched", fields{"seen": seen})
				return nil
			}
		case <-late:
			return fmt.Errorf("no deletion within 30 seconds, only %v", seen)
		}
	}
}
