// Package driver starts mesh-node as the product's programs do, for tests and measurements.
package driver

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
)

// protocolVersion is the version of this end; apps/mesh-node/internal/protocol is the other end.
const protocolVersion = 1

// Options say what to start, and how.
type Options struct {
	// Command is the program with the arguments before it.
	Command []string
	// Environment is added to this process's environment.
	Environment []string
	ControlURL  string
	Hostname    string
	// Folder holds the state and the sockets; a node that is started again with it is the same node.
	Folder string
	// State is the folder of the state only, to use another node's.
	State     string
	Port      uint16
	Ephemeral bool
	// Key answers the first key-needed; if empty, nothing does.
	Key string
}

// Node is a running mesh-node.
type Node struct {
	Inbound net.Listener
	Events  *Events
	// Ended is closed when the process has ended.
	Ended   chan struct{}
	options Options
	command *exec.Cmd
	input   io.WriteCloser
	mutex   sync.Mutex
	errors  strings.Builder
}

// Start starts the process and sends it its settings. Close ends it.
func Start(options Options) (*Node, error) {
	node, err := Spawn(options)
	if err != nil {
		return nil, err
	}
	return node, node.Send(map[string]any{
		"command": "start", "protocol": protocolVersion, "controlUrl": options.ControlURL, "hostname": options.Hostname,
		"stateFolder": node.stateFolder(), "dialSocket": node.path("dial"), "inboundSocket": node.path("in"),
		"port": options.Port, "ephemeral": options.Ephemeral,
	})
}

// Spawn starts the process and sends nothing to it.
func Spawn(options Options) (*Node, error) {
	if err := os.MkdirAll(options.Folder, 0o700); err != nil {
		return nil, err
	}
	node := &Node{options: options, Events: newEvents(), Ended: make(chan struct{})}
	_ = os.Remove(node.path("in"))
	var err error
	if node.Inbound, err = net.Listen("unix", node.path("in")); err != nil {
		return nil, err
	}
	if err := node.spawn(); err != nil {
		_ = node.Inbound.Close()
		return nil, err
	}
	return node, nil
}

func (n *Node) spawn() error {
	n.command = exec.Command(n.options.Command[0], n.options.Command[1:]...)
	n.command.Env = append(os.Environ(), n.options.Environment...)
	n.command.Stderr = writerFunc(n.noteError)
	var err error
	if n.input, err = n.command.StdinPipe(); err != nil {
		return err
	}
	output, err := n.command.StdoutPipe()
	if err != nil {
		return err
	}
	if err := n.command.Start(); err != nil {
		return err
	}
	go func() {
		n.Events.read(output, n.answer)
		_ = n.command.Wait()
		close(n.Ended)
	}()
	return nil
}

func (n *Node) answer(event Event) {
	n.mutex.Lock()
	key := n.options.Key
	if event.Event == "key-needed" {
		n.options.Key = ""
	}
	n.mutex.Unlock()
	if event.Event == "key-needed" && key != "" {
		_ = n.GiveKey(key)
	}
}

// Send writes one command.
func (n *Node) Send(command map[string]any) error {
	line, err := json.Marshal(command)
	if err != nil {
		return err
	}
	return n.SendLine(string(line))
}

// SendLine writes a line that need not be a valid command.
func (n *Node) SendLine(line string) error {
	_, err := io.WriteString(n.input, line+"\n")
	return err
}

func (n *Node) GiveKey(key string) error {
	return n.Send(map[string]any{"command": "auth-key", "key": key})
}

func (n *Node) Warm(peers ...string) error {
	return n.Send(map[string]any{"command": "warm", "peers": peers})
}

func (n *Node) CloseInput() error                  { return n.input.Close() }
func (n *Node) Signal(signal syscall.Signal) error { return n.command.Process.Signal(signal) }
func (n *Node) PID() int                           { return n.command.Process.Pid }
func (n *Node) ExitCode() int                      { return n.command.ProcessState.ExitCode() }

// Errors is the process's output on stderr.
func (n *Node) Errors() string {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	return n.errors.String()
}

func (n *Node) noteError(text []byte) (int, error) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	return n.errors.Write(text)
}

// Close ends the process as the death of its parent would, and waits for it.
func (n *Node) Close() {
	_ = n.input.Close()
	<-n.Ended
	if err := n.Inbound.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		panic(err)
	}
}

// DialSocket is the path of the dial socket.
func (n *Node) DialSocket() string { return n.path("dial") }

func (n *Node) stateFolder() string {
	if n.options.State != "" {
		return n.options.State
	}
	return n.path("state")
}

func (n *Node) path(name string) string { return filepath.Join(n.options.Folder, name) }

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(text []byte) (int, error) { return f(text) }
