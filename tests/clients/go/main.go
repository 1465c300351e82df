// Command porch-clients is a client of a Porch server as others write them: with client-go, controller-runtime and
// cli-utils, unchanged. Each subcommand does one thing that such clients do and prints what it saw as JSON lines; the
// tests beside it start it, read the lines and know what must be in them.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// A command gets the connection that KUBECONFIG describes, and its own arguments.
type command func(ctx context.Context, config *rest.Config, arguments []string) error

var commands = map[string]command{
	"applyset":  runApplySet,
	"discovery": runDiscovery,
	"dynamic":   runDynamic,
	"informers": runInformers,
	"manager":   runManager,
}

func main() {
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: porch-clients applyset|discovery|dynamic|informers|manager [options]")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := start(ctx, commands[os.Args[1]], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "porch-clients:", err)
		os.Exit(1)
	}
}

func start(ctx context.Context, run command, arguments []string) error {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, nil).ClientConfig()
	if err != nil {
		return err
	}
	// Every request is reported: how a client asks matters as much as what it makes of the answer.
	config.Wrap(recorded)
	return run(ctx, config, arguments)
}

// options makes the flags of a subcommand; all of them know the namespace.
func options(name string) (flags *flag.FlagSet, namespace *string) {
	flags = flag.NewFlagSet(name, flag.ExitOnError)
	return flags, flags.String("namespace", "default", "where the objects are")
}
