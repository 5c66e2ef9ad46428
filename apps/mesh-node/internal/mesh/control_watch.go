package mesh

import (
	"context"
	"math/rand/v2"
	"time"
)

const (
	controlCheckInterval = 500 * time.Millisecond
	// shortestAskInterval and longestAskInterval bound the time in which a node without a witness notices that it was
	// deleted: soon after it has joined, and when it has long been a member. A question is one small request on the open
	// connection; a thousand nodes ask fifty times a second.
	shortestAskInterval = 2 * time.Second
	longestAskInterval  = 20 * time.Second
	// shortestOutInterval and longestOutInterval apply while there is no contact with the control server.
	shortestOutInterval = 500 * time.Millisecond
	longestOutInterval  = 10 * time.Second
	// A peer that cannot be reached or falls silent may mean that this node was deleted. So the node asks earlier than
	// scheduled, and less and less often while such doubts keep proving wrong.
	shortestDoubtInterval = 2 * time.Second
	longestDoubtInterval  = 20 * time.Second
	// politeInterval applies to control servers that asked for fewer requests.
	politeInterval = time.Minute
)

// controlWatch tracks whether the control server is reachable and still knows this node.
type controlWatch struct {
	node      *Node
	login     *login
	reachable bool
	// missed counts the checks since the poll ended.
	missed  int
	ask     askTimes
	witness *witness
}

// watchControl reports when the control server is lost and found, and when it no longer knows this node. Peers stay
// reachable while it is lost.
func (n *Node) watchControl(ctx context.Context, login *login) {
	watch := &controlWatch{node: n, login: login, reachable: true, ask: newAskTimes(rand.Float64), witness: n.newWitness(ctx)}
	ticker := time.NewTicker(controlCheckInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-ticker.C:
			watch.check(ctx, now)
		}
	}
}

func (w *controlWatch) check(ctx context.Context, now time.Time) {
	// tsnet does not always report removed peers.
	w.node.closeStrangers(ctx)
	if w.node.server.Sys().HealthTracker.Get().GetInPollNetMap() {
		w.missed = 0
	} else {
		w.missed++
	}
	// One or two misses mean that the poll is being restarted.
	isOutOfPoll := w.missed > 2
	isDoubtful := w.node.doubt.Swap(false)
	if w.node.membership.isJoined() && w.witness.hasFallenSilent(now) {
		isDoubtful = true
	}
	if w.ask.isTime(now, isOutOfPoll, !w.reachable, isDoubtful) {
		w.question(ctx, now)
	}
}

func (w *controlWatch) question(ctx context.Context, now time.Time) {
	if !w.node.membership.isJoined() {
		w.tell(ctx, probeControl(ctx, w.node.settings.ControlURL, probeTimeout) == nil)
		return
	}
	standing, err := w.node.askStanding(ctx)
	if err != nil {
		// The connection may lead to a control server that no longer runs.
		w.tell(ctx, probeControl(ctx, w.node.settings.ControlURL, probeTimeout) == nil)
		return
	}
	w.tell(ctx, true)
	switch standing {
	case standingUnknown:
		w.ask.notBefore(now.Add(politeInterval))
	case standingForgotten:
		w.login.lost(ctx, messageForgotten)
	case standingExpired:
		w.login.lost(ctx, messageExpired)
	case standingMember:
	}
}

func (w *controlWatch) tell(ctx context.Context, reachable bool) {
	if w.reachable != reachable && ctx.Err() == nil {
		w.reachable = reachable
		w.node.events.Control(reachable)
	}
}
