package mesh

import (
	"context"
	"os"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"time"
)

const (
	// memoryLimit is what memory is kept below. test/mesh-fixture/cmd/load measures: without a limit 4 GiB of bulk leave a node with
	// 1.3 GiB; with this one it is as fast and stays below; with half of it four connections are half as fast. GOMEMLIMIT
	// in the environment goes before it.
	memoryLimit = 400 << 20

	returnInterval = 5 * time.Second
	// returnAfter is how many connections have to have ended for their memory to be worth a collection.
	returnAfter = 100
)

// LimitMemory bounds what bulk and churn make a node take; an idle one takes 28 MiB.
func LimitMemory() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
}

// connectionEnded counts a connection once netstack has let go of it too: before that, little could be given back.
func (n *Node) connectionEnded() {
	time.AfterFunc(timeWait, func() { n.ended.Add(1) })
}

// returnMemory gives the system back what many connections took: Go itself waits two minutes with that when a node has
// nothing to do any more.
func returnMemory(ctx context.Context, ended *atomic.Int64) {
	ticker := time.NewTicker(returnInterval)
	defer ticker.Stop()
	// goesOn: many have ended, and the last of them are still to come.
	goesOn := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			count := ended.Load()
			if count >= returnAfter || goesOn && count > 0 {
				goesOn = count >= returnAfter
				ended.Store(0)
				// What lies in a sync.Pool outlives one collection.
				runtime.GC()
				debug.FreeOSMemory()
			}
		}
	}
}
