package load

import (
	"fmt"
	"os"
	"strings"
	"time"
)

// Memory is what a process occupies and has at most occupied, in bytes.
type Memory struct{ Now, Peak int64 }

// MemoryOf reads it from the kernel. See proc_pid_status(5).
func MemoryOf(pid int) (Memory, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return Memory{}, err
	}
	var memory Memory
	for line := range strings.Lines(string(text)) {
		var kilobytes int64
		if _, err := fmt.Sscanf(line, "VmRSS: %d kB", &kilobytes); err == nil {
			memory.Now = kilobytes << 10
		}
		if _, err := fmt.Sscanf(line, "VmHWM: %d kB", &kilobytes); err == nil {
			memory.Peak = kilobytes << 10
		}
	}
	return memory, nil
}

// ProcessorTimeOf is how long processors have worked for a process, for itself and in the kernel. On a machine that
// others use too, it says more of what traffic costs than the clock does. See proc_pid_stat(5).
func ProcessorTimeOf(pid int) (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	// The second field is the program's name, which may hold anything, in parentheses.
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	var ticks [2]int64
	if _, err := fmt.Sscan(fields[11]+" "+fields[12], &ticks[0], &ticks[1]); err != nil {
		return 0, err
	}
	return time.Duration(ticks[0]+ticks[1]) * time.Second / ticksPerSecond, nil
}

// ticksPerSecond is what the kernel counts for programs in, whatever it counts in itself.
const ticksPerSecond = 100

// DescriptorsOf is how many descriptors a process has open. See proc_pid_fd(5).
func DescriptorsOf(pid int) (int, error) {
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	return len(open), err
}
