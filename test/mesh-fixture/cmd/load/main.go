// load measures a pair of mesh-nodes on this machine: bulk data, new connections, and the memory that they use.
package main

import (
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"globalstacks/mesh-fixture/driver"
	"globalstacks/mesh-fixture/fixture"
	"globalstacks/mesh-fixture/load"
)

const (
	meshPort    = 7443
	mebibyte    = 1 << 20
	joinsWithin = 20 * time.Second
)

func main() {
	program := flag.String("mesh-node", "", "the program to measure")
	bulk := flag.Int64("bulk", 2048, "MiB to send, each time")
	connections := flag.Int("connections", 4, "connections that send bulk at once, after one that does so alone")
	churn := flag.Int("churn", 5000, "short connections")
	atOnce := flag.Int("at-once", 8, "short connections at a time")
	held := flag.Int("held", 500, "connections that are open and idle")
	flag.Parse()
	if err := measure(*program, *bulk*mebibyte, *connections, *churn, *atOnce, *held); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func measure(program string, bulk int64, connections, churn, atOnce, held int) error {
	control, err := fixture.Start(fixture.Options{Address: "127.0.0.1", EphemeralTimeout: fixture.DefaultEphemeralTimeout})
	if err != nil {
		return err
	}
	defer control.Close()
	folder, err := os.MkdirTemp("", "gs-load-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	pair, err := start(program, folder, control)
	if pair.From != nil {
		defer pair.From.Close()
	}
	if pair.To != nil {
		defer pair.To.Close()
	}
	if err != nil {
		return err
	}
	pair.Serve()
	reporter := &reporter{pair: pair}
	if _, err := pair.Churn(1, 1); err != nil {
		return err
	}
	reporter.report("idle", "")
	for _, count := range []int{1, connections} {
		took, err := pair.Bulk(count, bulk)
		if err != nil {
			return err
		}
		reporter.report(fmt.Sprintf("bulk over %d", count), fmt.Sprintf("%.2f Gbit/s", float64(bulk)*8/1e9/took.Seconds()))
	}
	took, err := pair.Churn(churn, atOnce)
	if err != nil {
		return err
	}
	reporter.report("churn", fmt.Sprintf("%.0f connections/s", float64(churn)/took.Seconds()))
	release, err := pair.Hold(held)
	defer release()
	reporter.report(fmt.Sprintf("%d held", held), "")
	return err
}

func start(program, folder string, control *fixture.Fixture) (load.Pair, error) {
	var nodes [2]*driver.Node
	for which := range nodes {
		var err error
		nodes[which], err = driver.Start(driver.Options{
			Command: []string{program}, ControlURL: control.ControlURL(), Key: control.MintKey(false, time.Minute),
			Hostname: "node", Folder: filepath.Join(folder, fmt.Sprint(which)), Port: meshPort,
		})
		if err != nil {
			return load.Pair{From: nodes[0], To: nodes[1]}, err
		}
	}
	_, hereErr := nodes[0].Events.Await("joined", 0, joinsWithin)
	there, thereErr := nodes[1].Events.Await("joined", 0, joinsWithin)
	pair := load.Pair{From: nodes[0], To: nodes[1]}
	if err := errors.Join(hereErr, thereErr); err != nil {
		return pair, err
	}
	pair.Target = net.JoinHostPort(there.Addresses[0], fmt.Sprint(meshPort))
	return pair, nil
}

// reporter prints a line for each measurement, with the CPU time of both processes since the last.
type reporter struct {
	pair   load.Pair
	worked [2]time.Duration
}

func (r *reporter) report(what, figure string) {
	line := fmt.Sprintf("%-12s %-18s", what, figure)
	for which, node := range []*driver.Node{r.pair.From, r.pair.To} {
		memory, memoryErr := load.MemoryOf(node.PID())
		worked, workedErr := load.ProcessorTimeOf(node.PID())
		if err := errors.Join(memoryErr, workedErr); err != nil {
			line += " " + err.Error()
			continue
		}
		line += fmt.Sprintf(" | %-8s %4d MiB, at most %4d, %6.2f s of processor", []string{"dialling", "dialled"}[which],
			memory.Now/mebibyte, memory.Peak/mebibyte, (worked - r.worked[which]).Seconds())
		r.worked[which] = worked
	}
	fmt.Println(line)
}
