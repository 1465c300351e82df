package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"sync"
)

// fields are what a line tells beside its event.
type fields map[string]any

var printing sync.Mutex

// report prints one line. Informers and controllers call it from several goroutines.
func report(event string, more fields) {
	line := fields{"event": event}
	for key, value := range more {
		line[key] = value
	}
	text, err := json.Marshal(line)
	if err != nil {
		panic(err)
	}
	printing.Lock()
	defer printing.Unlock()
	fmt.Fprintln(os.Stdout, string(text))
}

// recording is a transport that reports each request with the status of its answer.
type recording struct{ next http.RoundTripper }

func recorded(next http.RoundTripper) http.RoundTripper { return recording{next} }

func (r recording) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := r.next.RoundTrip(request)
	line := fields{
		"verb":   request.Method,
		"path":   request.URL.Path,
		"query":  request.URL.RawQuery,
		"accept": request.Header.Get("Accept"),
		"sent":   request.Header.Get("Content-Type"),
	}
	if err != nil {
		line["error"] = err.Error()
	} else {
		line["status"] = response.StatusCode
		line["type"] = response.Header.Get("Content-Type")
	}
	report("request", line)
	return response, err
}
