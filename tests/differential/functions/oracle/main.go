// Runs functions on upstream's libraries, one JSON line in and one out:
// {"function": NAME, "input": RESOURCELIST} gives {"output": RESOURCELIST, "error": TEXT, "exit": CODE}.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/kptdev/krm-functions-sdk/go/fn"

	"porch.test/functions/replacements"
	"porch.test/functions/setlabels"
	"porch.test/functions/setnamespace"
)

type question struct {
	Function string `json:"function"`
	Input    string `json:"input"`
}

type answer struct {
	Output string `json:"output"`
	Error  string `json:"error"`
	Exit   int    `json:"exit"`
}

func processor(name string) fn.ResourceListProcessor {
	switch name {
	case "set-namespace":
		return fn.ResourceListProcessorFunc(setnamespace.Run)
	case "set-labels":
		return fn.WithContext(context.Background(), &setlabels.SetLabels{})
	case "apply-replacements":
		return fn.ResourceListProcessorFunc(replacements.Run)
	case "image-fields":
		return fn.ResourceListProcessorFunc(replacements.ImageFields)
	case "nothing":
		return fn.ResourceListProcessorFunc(func(*fn.ResourceList) (bool, error) { return true, nil })
	}
	panic("no function " + name)
}

func answered(q question) (a answer) {
	defer func() {
		if problem := recover(); problem != nil {
			a = answer{Error: fmt.Sprintf("panic: %v", problem), Exit: 2}
		}
	}()
	if run, ok := onKyaml[q.Function]; ok {
		return run(q.Input)
	}
	output, err := fn.Run(processor(q.Function), []byte(q.Input))
	a.Output = string(output)
	if err != nil {
		a.Error, a.Exit = "failed to evaluate function: "+err.Error(), 1
	}
	return a
}

func main() {
	lines := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := json.NewEncoder(os.Stdout)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var q question
		if err := json.Unmarshal(line, &q); err != nil {
			panic(err)
		}
		if err := out.Encode(answered(q)); err != nil {
			panic(err)
		}
	}
}
