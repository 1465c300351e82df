package main

// onKyaml are the functions on kyaml's framework.
var onKyaml = map[string]func(string) answer{}
