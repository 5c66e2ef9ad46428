// mesh-node takes part in a tsnet mesh for the program that started it: commands come on stdin, events go to stdout,
// connections pass through two unix sockets. It ends when stdin ends.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"globalstacks/mesh-node/internal/mesh"
	"globalstacks/mesh-node/internal/protocol"
)

func main() {
	mesh.PrepareEnvironment()
	mesh.LimitMemory()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	events := protocol.NewEvents(os.Stdout)
	events.Hello()
	if err := run(ctx, os.Stdin, events); err != nil {
		var failure protocol.Failure
		if !errors.As(err, &failure) {
			failure = protocol.Failure{Code: protocol.NodeFailed, Message: err.Error()}
		}
		events.Failed(failure)
		os.Exit(1)
	}
}

func run(ctx context.Context, input io.Reader, events *protocol.Events) error {
	lines := bufio.NewScanner(input)
	lines.Buffer(make([]byte, 0, 4096), protocol.MaxLineBytes)
	begun := make(chan bool, 1)
	go func() { begun <- lines.Scan() }()
	select {
	case <-ctx.Done():
		return nil
	case ok := <-begun:
		if !ok {
			return lines.Err()
		}
	}
	settings, err := parseStart(lines.Bytes())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	keys := make(chan string, 1)
	warm := make(chan protocol.Warm, 1)
	go func() {
		cancel(readCommands(lines, keys, warm))
	}()
	err = mesh.Run(ctx, settings, mesh.Commands{Keys: keys, Warm: warm}, events)
	if err == nil {
		var failure protocol.Failure
		if errors.As(context.Cause(ctx), &failure) {
			return failure
		}
	}
	return err
}

func parseStart(line []byte) (protocol.Settings, error) {
	command, err := protocol.ParseCommand(line)
	var version protocol.VersionError
	if errors.As(err, &version) {
		return protocol.Settings{}, protocol.Failure{Code: protocol.ProtocolMismatch, Message: version.Error()}
	}
	if err != nil {
		return protocol.Settings{}, protocol.Failure{Code: protocol.SettingsInvalid, Message: err.Error()}
	}
	start, ok := command.(protocol.Start)
	if !ok {
		return protocol.Settings{}, protocol.Failure{Code: protocol.SettingsInvalid, Message: "the first command is start"}
	}
	return start.Settings, nil
}

// readCommands returns nil when the input ends, which ends the node.
func readCommands(lines *bufio.Scanner, keys chan<- string, warm chan protocol.Warm) error {
	for lines.Scan() {
		command, err := protocol.ParseCommand(lines.Bytes())
		if err != nil {
			return protocol.Failure{Code: protocol.SettingsInvalid, Message: err.Error()}
		}
		switch told := command.(type) {
		case protocol.AuthKey:
			select {
			case keys <- told.Key:
			default: // one was given already
			}
		case protocol.Warm:
			// Only the last one counts, and a node that waits for its key handles none yet.
			select {
			case <-warm:
			default:
			}
			warm <- told
		case protocol.Start:
			return protocol.Failure{Code: protocol.SettingsInvalid, Message: "start comes once"}
		}
	}
	if err := lines.Err(); err != nil {
		return protocol.Failure{Code: protocol.SettingsInvalid, Message: fmt.Sprintf("stdin: %v", err)}
	}
	return nil
}
