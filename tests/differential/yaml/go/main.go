// Reads requests from standard input, one a line, and answers each with a line. A JSON string is a document: what kyaml
// makes of it. A list is a tree of nodes: how kyaml prints it. A map is a value: how it is printed. The Python side
// compares every field of every node, both ways of printing, JSON, and the text of a file after the reader and writer of
// a render.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"

	"sigs.k8s.io/kustomize/kyaml/kio"
	"sigs.k8s.io/kustomize/kyaml/kio/kioutil"
	"sigs.k8s.io/kustomize/kyaml/yaml"
)

type answer struct {
	Error     string `json:"error,omitempty"`
	EmitError string `json:"emitError,omitempty"`
	Tree      []any  `json:"tree,omitempty"`
	Compact   string `json:"compact,omitempty"`
	Wide      string `json:"wide,omitempty"`
	Again     string `json:"again,omitempty"`
	JSON      string `json:"json,omitempty"`
	File      string `json:"file,omitempty"`
	FileError string `json:"fileError,omitempty"`
}

func main() {
	lines := bufio.NewReader(os.Stdin)
	out := bufio.NewWriter(os.Stdout)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var request any
		if err := json.Unmarshal(line, &request); err != nil {
			panic(err)
		}
		var made answer
		switch given := request.(type) {
		case string:
			made = read(given)
		case []any:
			made = write(node(given))
		default:
			made = write(given)
		}
		result, err := json.Marshal(made)
		if err != nil {
			panic(err)
		}
		out.Write(result)
		out.WriteByte('\n')
		out.Flush()
	}
}

func read(document string) (result answer) {
	node, err := parse(document)
	if err != nil {
		result.Error = err.Error()
	} else {
		result.Tree = tree(node)
		result.Compact, err = print(node, yaml.CompactSequenceStyle)
		if err != nil {
			result.EmitError = err.Error()
		} else {
			result.Wide, _ = print(node, yaml.WideSequenceStyle)
			result.JSON, _ = asJSON(node)
			if second, err := parse(result.Compact); err == nil {
				result.Again, _ = print(second, yaml.CompactSequenceStyle)
			}
		}
	}
	result.File, result.FileError = file(document)
	return result
}

func write(root any) (result answer) {
	text, err := print(root, yaml.CompactSequenceStyle)
	if err != nil {
		return answer{EmitError: err.Error()}
	}
	wide, _ := print(root, yaml.WideSequenceStyle)
	return answer{Compact: text, Wide: wide}
}

func node(fields []any) *yaml.Node {
	text := func(at int) string { return fields[at].(string) }
	made := &yaml.Node{
		Kind: yaml.Kind(fields[0].(float64)), Tag: text(1), Value: text(2), Style: yaml.Style(fields[3].(float64)),
		Anchor: text(4), HeadComment: text(5), LineComment: text(6), FootComment: text(7),
	}
	for _, child := range fields[8].([]any) {
		made.Content = append(made.Content, node(child.([]any)))
	}
	return made
}

// A crash of the library is an error like another.
func caught(err *error) {
	if problem := recover(); problem != nil {
		*err = fmt.Errorf("crash: %v", problem)
	}
}

func parse(document string) (node *yaml.Node, err error) {
	defer caught(&err)
	node = &yaml.Node{}
	return node, yaml.NewDecoder(bytes.NewBufferString(document)).Decode(node)
}

func print(node any, indent yaml.SequenceIndentStyle) (text string, err error) {
	defer caught(&err)
	made, err := yaml.MarshalWithOptions(node, &yaml.EncoderOptions{SeqIndent: indent})
	return string(made), err
}

func asJSON(node *yaml.Node) (text string, err error) {
	defer caught(&err)
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetIndent("", "  ")
	err = encoder.Encode(yaml.NewRNode(node))
	return out.String(), err
}

func tree(node *yaml.Node) []any {
	children := []any{}
	for _, child := range node.Content {
		children = append(children, tree(child))
	}
	return []any{int(node.Kind), node.Tag, node.Value, int(node.Style), node.Anchor, node.HeadComment, node.LineComment,
		node.FootComment, node.Line, children}
}

// What a file holds after a render without functions.
func file(document string) (text string, problem string) {
	err := func() (err error) {
		defer caught(&err)
		reader := kio.ByteReader{
			Reader: bytes.NewBufferString(document), PreserveSeqIndent: true, WrapBareSeqNode: true, DisableUnwrapping: true,
			SetAnnotations: map[string]string{kioutil.PathAnnotation: "f.yaml", kioutil.LegacyPathAnnotation: "f.yaml"},
		}
		nodes, err := reader.Read()
		if err != nil {
			return err
		}
		var out bytes.Buffer
		paths := []string{kioutil.PathAnnotation, kioutil.LegacyPathAnnotation}
		if err := (kio.ByteWriter{Writer: &out, ClearAnnotations: paths}).Write(nodes); err != nil {
			return err
		}
		text = out.String()
		return nil
	}()
	if err != nil {
		return "", err.Error()
	}
	return text, ""
}
