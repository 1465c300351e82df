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
	"k8s.io/client-go/util/retry"
)

// runDynamic leads the first of the objects on standard input through its life, with a client that knows nothing of
// its kind, while a watch looks on; then it deletes all but the first as a collection. Each step is one line with what
// was answered.
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
	var objects []unstructured.Unstructured
	if err := json.NewDecoder(os.Stdin).Decode(&objects); err != nil {
		return err
	}
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return err
	}
	life := life{ctx, client.Resource(*kind).Namespace(*namespace), &objects[0]}
	if err := life.lead(); err != nil {
		return err
	}
	return life.collect(objects)
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
	if err != nil {
		return err
	}
	l.update(got)
	l.patch(name)
	list, err := l.client.List(l.ctx, metav1.ListOptions{LabelSelector: "step=merged"})
	steps("list", list, err)
	// Another object's uid, then its own; again once the watch has seen it go, for deletion may take a while.
	l.remove("delete another", name, "00000000-0000-0000-0000-000000000000")
	l.remove("delete", name, got.GetUID())
	if err := told(events, name); err != nil {
		return err
	}
	l.remove("delete again", name, got.GetUID())
	return nil
}

func (l life) collect(objects []unstructured.Unstructured) error {
	for i, obj := range objects {
		mark := "collected"
		if i == 0 {
			mark = "kept"
		}
		obj.SetLabels(map[string]string{"step": mark})
		if _, err := l.client.Create(l.ctx, &obj, metav1.CreateOptions{}); err != nil {
			return err
		}
	}
	events, err := l.client.Watch(l.ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	defer events.Stop()
	collected := metav1.ListOptions{LabelSelector: "step=collected"}
	step("delete collection", nil, l.client.DeleteCollection(l.ctx, metav1.DeleteOptions{}, collected))
	for _, obj := range objects[1:] {
		if err := told(events, obj.GetName()); err != nil {
			return err
		}
	}
	list, err := l.client.List(l.ctx, metav1.ListOptions{})
	steps("list what is left", list, err)
	return nil
}

// update tries again when a controller has written in between, as such clients must; stale it never does.
func (l life) update(stale *unstructured.Unstructured) {
	var updated *unstructured.Unstructured
	err := retry.RetryOnConflict(retry.DefaultRetry, func() error {
		got, err := l.client.Get(l.ctx, stale.GetName(), metav1.GetOptions{})
		if err != nil {
			return err
		}
		got.SetLabels(map[string]string{"step": "updated"})
		updated, err = l.client.Update(l.ctx, got, metav1.UpdateOptions{})
		return err
	})
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

func (l life) remove(words, name string, uid types.UID) {
	preconditions := metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &uid}}
	step(words, nil, l.client.Delete(l.ctx, name, preconditions))
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
