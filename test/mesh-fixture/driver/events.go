package driver

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// Event is any of a mesh-node's events.
type Event struct {
	Event     string
	Protocol  int
	Code      string
	Message   string
	NodeID    string `json:"nodeId"`
	Addresses []string
	KeyExpiry string `json:"keyExpiry"`
	Reachable bool
}

// Events are the events of a mesh-node, in order.
type Events struct {
	mutex   sync.Mutex
	all     []Event
	text    strings.Builder
	changed chan struct{}
	isOver  bool
}

func newEvents() *Events { return &Events{changed: make(chan struct{})} }

func (e *Events) read(from io.Reader, each func(Event)) {
	lines := bufio.NewScanner(from)
	for lines.Scan() {
		var event Event
		if err := json.Unmarshal(lines.Bytes(), &event); err != nil {
			event = Event{Event: "unreadable", Message: lines.Text()}
		}
		e.add(event, lines.Text())
		each(event)
	}
	e.mutex.Lock()
	defer e.mutex.Unlock()
	e.isOver = true
	close(e.changed)
}

func (e *Events) add(event Event, line string) {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	e.all = append(e.all, event)
	e.text.WriteString(line + "\n")
	close(e.changed)
	e.changed = make(chan struct{})
}

// Count is the number of events so far; Await takes it as the position to start from.
func (e *Events) Count() int {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	return len(e.all)
}

// Text is the node's whole output, unchanged.
func (e *Events) Text() string {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	return e.text.String()
}

// Has tells whether an event of that name came at or after the given position.
func (e *Events) Has(name string, from int) bool {
	_, err := e.Await(name, from, 0)
	return err == nil
}

// Await returns the first event of that name at or after the given position, if it comes in time.
func (e *Events) Await(name string, from int, within time.Duration) (Event, error) {
	tooLate := time.After(within)
	for {
		e.mutex.Lock()
		for _, event := range e.all[min(from, len(e.all)):] {
			if event.Event == name {
				e.mutex.Unlock()
				return event, nil
			}
		}
		changed, isOver := e.changed, e.isOver
		e.mutex.Unlock()
		if isOver {
			return Event{}, fmt.Errorf("ended without %s; said: %s", name, e.Text())
		}
		select {
		case <-changed:
		case <-tooLate:
			return Event{}, fmt.Errorf("no %s within %s; said: %s", name, within, e.Text())
		}
	}
}
