package protocol

import (
	"encoding/json"
	"io"
	"strings"
	"sync"
)

// Code is the reason why a node is not in the mesh, or has a fault.
type Code string

const (
	KeyMissing         Code = "MESH_KEY_MISSING"
	KeyInvalid         Code = "MESH_KEY_INVALID"
	KeyExpired         Code = "MESH_KEY_EXPIRED"
	KeyUsed            Code = "MESH_KEY_USED"
	LoginRefused       Code = "MESH_LOGIN_REFUSED"
	LoginLost          Code = "MESH_LOGIN_LOST"
	ApprovalNeeded     Code = "MESH_APPROVAL_NEEDED"
	ControlUnreachable Code = "MESH_CONTROL_UNREACHABLE"
	ControlInvalid     Code = "MESH_CONTROL_INVALID"
	JoinTimedOut       Code = "MESH_JOIN_TIMED_OUT"
	ProtocolMismatch   Code = "MESH_PROTOCOL_MISMATCH"
	SettingsInvalid    Code = "MESH_SETTINGS_INVALID"
	StateInUse         Code = "MESH_STATE_IN_USE"
	NodeFailed         Code = "MESH_NODE_FAILED"
)

// Codes that a running node reports for the log.
const (
	InboundLimit   Code = "MESH_INBOUND_LIMIT"
	InboundDropped Code = "MESH_INBOUND_DROPPED"
	AcceptFailed   Code = "MESH_ACCEPT_FAILED"
)

// Failure ends a node.
type Failure struct {
	Code    Code
	Message string
}

func (f Failure) Error() string { return f.Message }

// Joined describes the node in the mesh.
type Joined struct {
	Event     string   `json:"event"`
	NodeID    string   `json:"nodeId"`
	Addresses []string `json:"addresses"`
	// KeyExpiry is RFC 3339; empty if the node's key does not expire.
	KeyExpiry string `json:"keyExpiry"`
}

// Events writes events; any goroutine may use it.
type Events struct {
	mutex   sync.Mutex
	to      io.Writer
	secrets []string
}

func NewEvents(to io.Writer) *Events { return &Events{to: to} }

// Hello is the first event.
func (e *Events) Hello() {
	e.write(struct {
		Event    string `json:"event"`
		Protocol int    `json:"protocol"`
	}{"hello", Version})
}

// Hide removes a secret from every later message: control servers have been seen to repeat keys.
func (e *Events) Hide(secret string) {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	if secret != "" {
		e.secrets = append(e.secrets, secret)
	}
}

// KeyNeeded asks for an auth key. Why is zero for a first login; for a later one it says how the last login was lost.
func (e *Events) KeyNeeded(why Failure) { e.tell("key-needed", why) }

func (e *Events) Joined(joined Joined) {
	joined.Event = "joined"
	e.write(joined)
}

// Control reports whether the control server answers a node that has joined.
func (e *Events) Control(reachable bool) {
	e.write(struct {
		Event     string `json:"event"`
		Reachable bool   `json:"reachable"`
	}{"control", reachable})
}

// Log is for the log of the program that started the node; it has no effect.
func (e *Events) Log(code Code, message string) { e.tell("log", Failure{code, message}) }

// Failed is the last event.
func (e *Events) Failed(failure Failure) { e.tell("failed", failure) }

func (e *Events) tell(name string, failure Failure) {
	e.write(struct {
		Event   string `json:"event"`
		Code    Code   `json:"code,omitempty"`
		Message string `json:"message,omitempty"`
	}{name, failure.Code, e.Without(failure.Message)})
}

// Without is the message without the hidden secrets.
func (e *Events) Without(message string) string {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	for _, secret := range e.secrets {
		message = strings.ReplaceAll(message, secret, "(hidden)")
	}
	return message
}

func (e *Events) write(value any) {
	line, err := json.Marshal(value)
	if err != nil {
		panic(err) // every event consists of strings, numbers and booleans
	}
	e.mutex.Lock()
	defer e.mutex.Unlock()
	// A reader that is gone has also closed stdin, which ends the node.
	_, _ = e.to.Write(append(line, '\n'))
}
