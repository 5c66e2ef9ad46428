package mesh

import (
	"fmt"
	"sync"
	"time"

	"globalstacks/mesh-node/internal/protocol"
)

const countInterval = time.Minute

// occurrences counts what a peer can cause as often as it likes: the first one is reported at once, and then the number
// of further ones after each interval.
type occurrences struct {
	interval time.Duration
	tell     func(count int, last string)
	mutex    sync.Mutex
	// counting is true while an interval runs.
	counting bool
	count    int
	last     string
}

func (o *occurrences) add(detail string) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if o.counting {
		o.count++
		o.last = detail
		return
	}
	o.counting = true
	o.tell(1, detail)
	time.AfterFunc(o.interval, o.endInterval)
}

func (o *occurrences) endInterval() {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if o.count == 0 {
		o.counting = false
		return
	}
	o.tell(o.count, o.last)
	o.count = 0
	time.AfterFunc(o.interval, o.endInterval)
}

// countToLog creates the node's counters.
func (n *Node) countToLog() {
	counted := func(code protocol.Code, format string) *occurrences {
		return &occurrences{interval: countInterval, tell: func(count int, last string) {
			n.events.Log(code, fmt.Sprintf(format, count, last))
		}}
	}
	n.refused = counted(protocol.InboundLimit, fmt.Sprintf(
		"connections from peers refused: %%d; %%s (%d from one peer and %d in all may be open)", maxInboundFromPeer, maxInbound,
	))
	n.dropped = counted(protocol.InboundDropped, "connections from peers dropped: %d; the last because %s")
	n.exhausted = counted(protocol.AcceptFailed, "connections could not be accepted, and are tried again: %d; the last because %s")
}
