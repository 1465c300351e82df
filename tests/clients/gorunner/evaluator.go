// Command porch-evaluator is the other side of the function runner's protocol, in Go: a client, and a function runner. It
// prints what it saw as JSON lines. A module of its own, because it shares nothing with the clients of the API.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

// The function runner's protocol as its .proto file says it, so that Go's own protobuf reads and writes it.
var evaluatorFile = file(&descriptorpb.FileDescriptorProto{
	Name:    proto.String("evaluator.proto"),
	Package: proto.String("evaluator"),
	Syntax:  proto.String("proto3"),
	MessageType: []*descriptorpb.DescriptorProto{
		message("EvaluateFunctionRequest", bytesField("resource_list", 1), stringField("image", 2)),
		message("EvaluateFunctionResponse", bytesField("resource_list", 1), bytesField("log", 2)),
	},
})

const evaluateMethod = "/evaluator.FunctionEvaluator/EvaluateFunction"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	commands := map[string]func(context.Context, []string) error{"evaluate": runEvaluate, "evaluator": runEvaluator}
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: porch-evaluator evaluate|evaluator [arguments]")
		os.Exit(2)
	}
	if err := commands[os.Args[1]](ctx, os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "porch-evaluator:", err)
		os.Exit(1)
	}
}

// report prints one line.
func report(event string, more map[string]any) {
	more["event"] = event
	if err := json.NewEncoder(os.Stdout).Encode(more); err != nil {
		panic(err)
	}
}

// runEvaluate asks a function runner: porch-evaluator evaluate ADDRESS IMAGE, with the ResourceList on stdin.
func runEvaluate(ctx context.Context, arguments []string) error {
	if len(arguments) != 2 {
		return fmt.Errorf("usage: evaluate ADDRESS IMAGE")
	}
	connection, err := grpc.NewClient(arguments[0], grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer connection.Close()
	checked, err := healthpb.NewHealthClient(connection).Check(ctx, &healthpb.HealthCheckRequest{})
	if err != nil {
		return err
	}
	report("health", map[string]any{"status": checked.Status.String()})
	input, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	request, response := evaluatorMessage("EvaluateFunctionRequest"), evaluatorMessage("EvaluateFunctionResponse")
	set(request, "resource_list", protoreflect.ValueOfBytes(input))
	set(request, "image", protoreflect.ValueOfString(arguments[1]))
	if err := connection.Invoke(ctx, evaluateMethod, request, response); err != nil {
		report("refused", map[string]any{"code": status.Code(err).String(), "error": err.Error()})
		return nil
	}
	report("evaluated", map[string]any{
		"resourceList": string(get(response, "resource_list").Bytes()),
		"log":          string(get(response, "log").Bytes()),
	})
	return nil
}

// runEvaluator is a function runner: it replaces OLD by NEW in what it is given, and knows no image with `unknown` in it.
func runEvaluator(ctx context.Context, arguments []string) error {
	if len(arguments) != 2 {
		return fmt.Errorf("usage: evaluator OLD NEW")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := grpc.NewServer()
	healthpb.RegisterHealthServer(server, health.NewServer())
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: "evaluator.FunctionEvaluator",
		HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{{MethodName: "EvaluateFunction", Handler: func(
			_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor,
		) (any, error) {
			request, response := evaluatorMessage("EvaluateFunctionRequest"), evaluatorMessage("EvaluateFunctionResponse")
			if err := decode(request); err != nil {
				return nil, err
			}
			image := get(request, "image").String()
			if strings.Contains(image, "unknown") {
				return nil, status.Errorf(codes.NotFound, "function %q not found", image)
			}
			if strings.Contains(image, "failing") {
				return nil, status.Errorf(codes.Internal, "Failed to execute function %q: exit status 1 (because)", image)
			}
			changed := strings.ReplaceAll(string(get(request, "resource_list").Bytes()), arguments[0], arguments[1])
			set(response, "resource_list", protoreflect.ValueOfBytes([]byte(changed)))
			set(response, "log", protoreflect.ValueOfBytes([]byte("told")))
			return response, nil
		}}},
	}, nil)
	go func() { <-ctx.Done(); server.Stop() }()
	report("serving", map[string]any{"address": listener.Addr().String()})
	return server.Serve(listener)
}

func evaluatorMessage(name protoreflect.Name) *dynamicpb.Message {
	return dynamicpb.NewMessage(evaluatorFile.Messages().ByName(name))
}

func set(message *dynamicpb.Message, field protoreflect.Name, value protoreflect.Value) {
	message.Set(message.Descriptor().Fields().ByName(field), value)
}

func get(message *dynamicpb.Message, field protoreflect.Name) protoreflect.Value {
	return message.Get(message.Descriptor().Fields().ByName(field))
}

func file(described *descriptorpb.FileDescriptorProto) protoreflect.FileDescriptor {
	made, err := protodesc.NewFile(described, nil)
	if err != nil {
		panic(err)
	}
	return made
}

func message(name string, fields ...*descriptorpb.FieldDescriptorProto) *descriptorpb.DescriptorProto {
	return &descriptorpb.DescriptorProto{Name: proto.String(name), Field: fields}
}

func bytesField(name string, number int32) *descriptorpb.FieldDescriptorProto {
	return field(name, number, descriptorpb.FieldDescriptorProto_TYPE_BYTES)
}

func stringField(name string, number int32) *descriptorpb.FieldDescriptorProto {
	return field(name, number, descriptorpb.FieldDescriptorProto_TYPE_STRING)
}

func field(
	name string, number int32, kind descriptorpb.FieldDescriptorProto_Type,
) *descriptorpb.FieldDescriptorProto {
	optional := descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL
	return &descriptorpb.FieldDescriptorProto{
		Name: proto.String(name), Number: proto.Int32(number), Type: kind.Enum(), Label: optional.Enum(),
	}
}
