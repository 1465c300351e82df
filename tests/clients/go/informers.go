package main

import (
	"bufio"
	"context"
	"errors"
	"os"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/features"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

var packageRevisions = schema.GroupVersionResource{
	Group: "porch.kpt.dev", Version: "v1alpha1", Resource: "packagerevisions",
}

// runInformers follows ConfigMaps with a typed shared informer and package revisions with a dynamic one. Once all
// have synced it answers each line of standard input with what the caches hold, and ends with standard input.
func runInformers(ctx context.Context, config *rest.Config, arguments []string) error {
	flags, namespace := options("informers")
	contentType := flags.String("content-type", "", "what the typed client speaks, like application/vnd.kubernetes.protobuf")
	also := flags.String("also", "", "another resource of porch.kpt.dev to follow, like packagerevisionresources")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	followed, err := followedResources(ctx, config, *namespace, *contentType, *also)
	if err != nil {
		return err
	}
	report("started", fields{"watchList": features.FeatureGates().Enabled(features.WatchListClient)})
	for resource, informer := range followed {
		if err := handle(ctx, resource, informer); err != nil {
			return err
		}
	}
	report("synced", fields{"cache": cached(followed)})
	input := bufio.NewScanner(os.Stdin)
	for input.Scan() {
		report("cache", fields{"cache": cached(followed)})
	}
	return input.Err()
}

func followedResources(
	ctx context.Context, config *rest.Config, namespace, contentType, also string,
) (map[string]cache.SharedIndexInformer, error) {
	typedConfig := rest.CopyConfig(config)
	typedConfig.ContentType = contentType
	client, err := kubernetes.NewForConfig(typedConfig)
	if err != nil {
		return nil, err
	}
	untyped, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	typed := informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithNamespace(namespace))
	general := dynamicinformer.NewFilteredDynamicSharedInformerFactory(untyped, 0, namespace, nil)
	followed := map[string]cache.SharedIndexInformer{
		"configmaps":       typed.Core().V1().ConfigMaps().Informer(),
		"packagerevisions": general.ForResource(packageRevisions).Informer(),
	}
	if also != "" {
		followed[also] = general.ForResource(packageRevisions.GroupVersion().WithResource(also)).Informer()
	}
	typed.Start(ctx.Done())
	general.Start(ctx.Done())
	return followed, nil
}

// handle returns when the handler has seen all objects that there were.
func handle(ctx context.Context, resource string, informer cache.SharedIndexInformer) error {
	registration, err := informer.AddEventHandler(cache.ResourceEventHandlerDetailedFuncs{
		AddFunc: func(obj any, initial bool) { tell("ADDED", resource, obj, initial) },
		UpdateFunc: func(before, after any) {
			// A relist repeats objects that have not changed; those are no news.
			if objectMeta(before).GetResourceVersion() != objectMeta(after).GetResourceVersion() {
				tell("MODIFIED", resource, after, false)
			}
		},
		DeleteFunc: func(obj any) { tell("DELETED", resource, obj, false) },
	})
	if err != nil {
		return err
	}
	within, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if !cache.WaitForCacheSync(within.Done(), registration.HasSynced) {
		return errors.New("the informer of " + resource + " has not synced within 30 seconds")
	}
	return nil
}

func tell(word, resource string, obj any, initial bool) {
	// The object of a deletion that the watch has missed comes wrapped.
	last, missed := obj.(cache.DeletedFinalStateUnknown)
	if missed {
		obj = last.Obj
	}
	meta := objectMeta(obj)
	report(word, fields{
		"resource": resource, "name": meta.GetName(), "labels": meta.GetLabels(), "initial": initial, "missed": missed,
	})
}

func objectMeta(obj any) metav1.Object { return obj.(metav1.Object) }

// cached is what the caches hold: resource, name, resourceVersion.
func cached(followed map[string]cache.SharedIndexInformer) map[string]map[string]string {
	held := map[string]map[string]string{}
	for resource, informer := range followed {
		held[resource] = map[string]string{}
		for _, obj := range informer.GetStore().List() {
			held[resource][objectMeta(obj).GetName()] = objectMeta(obj).GetResourceVersion()
		}
	}
	return held
}
