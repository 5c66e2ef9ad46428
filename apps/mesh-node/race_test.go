//go:build race

package main

// isRace: the race detector uses many times the program's own memory.
const isRace = true
