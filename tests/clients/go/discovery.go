package main

import (
	"context"
	"errors"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery/cached/disk"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
)

// runDiscovery finds the resources of its arguments (kinds as KIND.GROUP) as kubectl does: by a mapper that asks
// when it must, through a cache on disk.
func runDiscovery(_ context.Context, config *rest.Config, arguments []string) error {
	flags, _ := options("discovery")
	directory := flags.String("cache", "", "directory of the cache")
	lifetime := flags.Duration("lifetime", time.Hour, "how long files in the cache are believed")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if *directory == "" {
		return errors.New("--cache is missing")
	}
	client, err := disk.NewCachedDiscoveryClientForConfig(config, *directory+"/discovery", *directory+"/http", *lifetime)
	if err != nil {
		return err
	}
	mapper := restmapper.NewDeferredDiscoveryRESTMapper(client)
	for _, argument := range flags.Args() {
		mapping, err := mapper.RESTMapping(schema.ParseGroupKind(argument))
		if err != nil {
			report("unknown", fields{"kind": argument, "message": err.Error()})
			continue
		}
		report("mapping", fields{
			"kind": argument, "resource": mapping.Resource.Resource, "version": mapping.Resource.Version,
			"scope": mapping.Scope.Name(),
		})
	}
	version, err := client.ServerVersion()
	if err != nil {
		return err
	}
	report("server", fields{"version": version.GitVersion})
	return nil
}
