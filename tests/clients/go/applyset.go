package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/rest"
	cmdutil "k8s.io/kubectl/pkg/cmd/util"
	"sigs.k8s.io/cli-utils/pkg/apply"
	"sigs.k8s.io/cli-utils/pkg/apply/event"
	"sigs.k8s.io/cli-utils/pkg/common"
	"sigs.k8s.io/cli-utils/pkg/inventory"
	"sigs.k8s.io/cli-utils/pkg/object"
)

// runApplySet makes a set of objects be what standard input says, as `kpt live apply` does: applies all of the list,
// waits for them, and prunes what the inventory, a ConfigMap, still names from the last time.
func runApplySet(ctx context.Context, config *rest.Config, arguments []string) error {
	flags, namespace := options("applyset")
	name := flags.String("inventory", "inventory", "name of the inventory")
	destroy := flags.Bool("destroy", false, "delete all that the inventory names")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	getter := genericclioptions.NewConfigFlags(true).WithWrapConfigFn(func(own *rest.Config) *rest.Config {
		own.Wrap(recorded)
		return own
	})
	factory := cmdutil.NewFactory(cmdutil.NewMatchVersionFlags(getter))
	client, err := inventory.ClusterClientFactory{StatusPolicy: inventory.StatusPolicyNone}.NewClient(factory)
	if err != nil {
		return err
	}
	info := inventory.WrapInventoryInfoObj(inventoryObject(*namespace, *name))
	if *destroy {
		destroyer, err := apply.NewDestroyerBuilder().WithFactory(factory).WithInventoryClient(client).Build()
		if err != nil {
			return err
		}
		return follow(destroyer.Run(ctx, info, apply.DestroyerOptions{DeleteTimeout: 30 * time.Second}))
	}
	var objects object.UnstructuredSet
	if err := json.NewDecoder(os.Stdin).Decode(&objects); err != nil {
		return err
	}
	applier, err := apply.NewApplierBuilder().WithFactory(factory).WithInventoryClient(client).Build()
	if err != nil {
		return err
	}
	return follow(applier.Run(ctx, info, objects, apply.ApplierOptions{
		ReconcileTimeout: 30 * time.Second, PruneTimeout: 30 * time.Second,
	}))
}

func inventoryObject(namespace, name string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1",
		"kind":       "ConfigMap",
		"metadata": map[string]any{
			"name": name, "namespace": namespace, "labels": map[string]any{common.InventoryLabel: namespace + "-" + name},
		},
	}}
}

// follow reports what becomes of each object, and fails like the command when one fails.
func follow(events <-chan event.Event) error {
	var failed []error
	tell := func(action string, id object.ObjMetadata, status string, err error) {
		line := fields{"action": action, "kind": id.GroupKind.Kind, "name": id.Name, "status": status}
		if err != nil {
			line["message"] = err.Error()
			failed = append(failed, err)
		}
		report("object", line)
	}
	for next := range events {
		switch next.Type {
		case event.ErrorType:
			failed = append(failed, next.ErrorEvent.Err)
		case event.ValidationType:
			failed = append(failed, next.ValidationEvent.Error)
		case event.ApplyType:
			tell("apply", next.ApplyEvent.Identifier, next.ApplyEvent.Status.String(), next.ApplyEvent.Error)
		case event.PruneType:
			tell("prune", next.PruneEvent.Identifier, next.PruneEvent.Status.String(), next.PruneEvent.Error)
		case event.DeleteType:
			tell("delete", next.DeleteEvent.Identifier, next.DeleteEvent.Status.String(), next.DeleteEvent.Error)
		case event.WaitType:
			tell("wait", next.WaitEvent.Identifier, next.WaitEvent.Status.String(), nil)
		}
	}
	return errors.Join(failed...)
}
