package main

import (
	"context"
	"os"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/recorder"
)

const seenLabel = "example.com/seen-by"

// runManager is an operator as controller-runtime makes them. While it leads it puts a label on every package revision,
// records an Event about it and makes a ConfigMap that the package revision owns; a second controller watches metadata
// only and tells when the label has arrived.
func runManager(ctx context.Context, config *rest.Config, arguments []string) error {
	flags, namespace := options("manager")
	name := flags.String("name", "first", "the value of the label: which manager has seen a package revision")
	leaseType := flags.String("lease-content-type", "", "what the leader election speaks")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	ctrl.SetLogger(zap.New(zap.WriteTo(os.Stderr)))
	manager, err := newManager(config, *namespace, *leaseType)
	if err != nil {
		return err
	}
	labels := &labelController{manager.GetClient(), manager.GetEventRecorder("porch-clients"), *name}
	if err := ctrl.NewControllerManagedBy(manager).For(&PackageRevision{}).Owns(&corev1.ConfigMap{}).
		Complete(labels); err != nil {
		return err
	}
	metadata := &metav1.PartialObjectMetadata{}
	metadata.SetGroupVersionKind(porchVersion.WithKind("PackageRevision"))
	if err := ctrl.NewControllerManagedBy(manager).Named("metadata").For(metadata).
		Complete(&metadataController{manager.GetClient()}); err != nil {
		return err
	}
	go func() {
		<-manager.Elected()
		report("leading", fields{"name": *name})
	}()
	report("started", fields{"name": *name})
	defer report("stopped", fields{"name": *name})
	return manager.Start(ctx)
}

func newManager(config *rest.Config, namespace, leaseType string) (ctrl.Manager, error) {
	scheme := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		return nil, err
	}
	addPorchTypes(scheme)
	// Shorter than the defaults, so that a test of a lost leader need not take half a minute.
	lease, renew, retry := 3*time.Second, 2*time.Second, 500*time.Millisecond
	election := rest.CopyConfig(config)
	election.ContentType = leaseType
	options := ctrl.Options{
		Scheme:                        scheme,
		Cache:                         cache.Options{DefaultNamespaces: map[string]cache.Config{namespace: {}}},
		LeaderElection:                true,
		LeaderElectionID:              "porch-clients",
		LeaderElectionNamespace:       namespace,
		LeaderElectionConfig:          election,
		LeaderElectionReleaseOnCancel: true,
		LeaseDuration:                 &lease,
		RenewDeadline:                 &renew,
		RetryPeriod:                   &retry,
	}
	options.Metrics.BindAddress = "0"
	return ctrl.NewManager(config, options)
}

type labelController struct {
	client client.Client
	events recorder.EventRecorder
	name   string
}

func (c *labelController) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	var revision PackageRevision
	if err := c.client.Get(ctx, request.NamespacedName, &revision); err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	if revision.Labels[seenLabel] != "" {
		return reconcile.Result{}, nil
	}
	before := revision.DeepCopyObject().(client.Object)
	if revision.Labels == nil {
		revision.Labels = map[string]string{}
	}
	revision.Labels[seenLabel] = c.name
	patch := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
	if err := c.client.Patch(ctx, &revision, patch); err != nil {
		return reconcile.Result{}, err
	}
	if err := c.note(ctx, &revision); err != nil {
		return reconcile.Result{}, err
	}
	c.events.Eventf(&revision, nil, "Normal", "Seen", "Label", "%s has seen package %s", c.name, revision.Spec.PackageName)
	report("labelled", fields{"name": revision.Name, "package": revision.Spec.PackageName, "by": c.name})
	return reconcile.Result{}, nil
}

// note makes the ConfigMap. A kind that comes with the library is sent as protobuf without anybody's asking.
func (c *labelController) note(ctx context.Context, revision *PackageRevision) error {
	note := &corev1.ConfigMap{Data: map[string]string{"seen-by": c.name}}
	note.Namespace, note.Name = revision.Namespace, "seen."+revision.Name
	if err := ctrl.SetControllerReference(revision, note, c.client.Scheme()); err != nil {
		return err
	}
	return client.IgnoreAlreadyExists(c.client.Create(ctx, note))
}

type metadataController struct{ client client.Client }

func (c *metadataController) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	metadata := &metav1.PartialObjectMetadata{}
	metadata.SetGroupVersionKind(porchVersion.WithKind("PackageRevision"))
	if err := c.client.Get(ctx, request.NamespacedName, metadata); err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	if by := metadata.Labels[seenLabel]; by != "" {
		report("metadata", fields{"name": metadata.Name, "by": by})
	}
	return reconcile.Result{}, nil
}
