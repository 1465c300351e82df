// Reads pairs of documents from standard input, one JSON object a line, and answers with what kyaml makes of the second
// one when it gives it the comments and the field order of the first.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	"sigs.k8s.io/kustomize/kyaml/comments"
	"sigs.k8s.io/kustomize/kyaml/order"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

type request struct {
	Before string `json:"before"`
	After  string `json:"after"`
}

type answer struct {
	Text  string `json:"text"`
	Error string `json:"error"`
}

func main() {
	lines := bufio.NewReader(os.Stdin)
	out := json.NewEncoder(os.Stdout)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var given request
		if err := json.Unmarshal(line, &given); err != nil {
			panic(err)
		}
		text, err := restored(given)
		made := answer{Text: text}
		if err != nil {
			made.Error = err.Error()
		}
		if err := out.Encode(made); err != nil {
			panic(err)
		}
	}
}

func restored(given request) (text string, err error) {
	defer func() {
		if problem := recover(); problem != nil {
			err = fmt.Errorf("crash: %v", problem)
		}
	}()
	before, err := item(given.Before)
	if err != nil {
		return "", err
	}
	after, err := item(given.After)
	if err != nil {
		return "", err
	}
	if err := comments.CopyComments(before, after); err != nil {
		return "", err
	}
	if err := order.SyncOrder(before, after); err != nil {
		return "", err
	}
	return after.String()
}

// As an item of a list is: without the document around it.
func item(text string) (*yaml.RNode, error) {
	node, err := yaml.Parse(text)
	if err != nil {
		return nil, err
	}
	return yaml.NewRNode(node.YNode()), nil
}
