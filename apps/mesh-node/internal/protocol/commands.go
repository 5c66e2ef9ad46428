// Package protocol is what a mesh node and the program that started it send each other: one JSON object a line.
package protocol

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
)

// Version is raised whenever one side could misread the other.
const Version = 1

// MaxLineBytes bounds one command.
const MaxLineBytes = 256 << 10

// Command is one of Start, AuthKey and Warm.
type Command interface{ isCommand() }

// Start is the first command, sent once.
type Start struct{ Settings Settings }

// AuthKey answers the event key-needed.
type AuthKey struct{ Key string }

// Warm names the peers that will be dialled; each replaces the list before.
type Warm struct{ Peers []netip.Addr }

func (Start) isCommand()   {}
func (AuthKey) isCommand() {}
func (Warm) isCommand()    {}

// VersionError is the error for a start by a program with another protocol version.
type VersionError struct{ Theirs int }

func (e VersionError) Error() string {
	return fmt.Sprintf("this mesh-node speaks protocol %d and was started with protocol %d", Version, e.Theirs)
}

type wireCommand struct {
	Command       string
	Protocol      int
	ControlURL    string `json:"controlUrl"`
	Hostname      string
	StateFolder   string
	DialSocket    string
	InboundSocket string
	Port          uint16
	Ephemeral     bool
	Key           string
	Peers         []netip.Addr
}

// ParseCommand reads one line. Its errors never repeat the line, which may contain a key.
func ParseCommand(line []byte) (Command, error) {
	var version struct {
		Command  string
		Protocol int
	}
	if json.Unmarshal(line, &version) == nil && version.Command == "start" && version.Protocol != Version {
		return nil, VersionError{Theirs: version.Protocol}
	}
	var wire wireCommand
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&wire); err != nil {
		return nil, errors.New("not a command of this protocol")
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, errors.New("more than one command in a line")
	}
	switch wire.Command {
	case "start":
		settings := Settings{
			ControlURL: wire.ControlURL, Hostname: wire.Hostname, StateFolder: wire.StateFolder,
			DialSocket: wire.DialSocket, InboundSocket: wire.InboundSocket,
			Port: wire.Port, Ephemeral: wire.Ephemeral,
		}
		return Start{settings}, settings.check()
	case "auth-key":
		return AuthKey{wire.Key}, nil
	case "warm":
		return Warm{wire.Peers}, nil
	default:
		return nil, errors.New("no such command")
	}
}
