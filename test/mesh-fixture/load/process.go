package load

import (
	"fmt"
	"os"
	"strings"
	"time"
)

// Memory is the resident memory of a process, now and at its peak, in bytes.
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

// ProcessorTimeOf is the user and system CPU time of a process. On a shared machine it says more about the cost of
// traffic than the elapsed time. See proc_pid_stat(5).
func ProcessorTimeOf(pid int) (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	// The second field is the program's name in parentheses, which may contain anything.
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	var ticks [2]int64
	if _, err := fmt.Sscan(fields[11]+" "+fields[12], &ticks[0], &ticks[1]); err != nil {
		return 0, err
	}
	return time.Duration(ticks[0]+ticks[1]) * time.Second / ticksPerSecond, nil
}

// ticksPerSecond is the unit that the kernel reports to programs, whatever it uses itself.
const ticksPerSecond = 100

// DescriptorsOf is the number of a process's open descriptors. See proc_pid_fd(5).
func DescriptorsOf(pid int) (int, error) {
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	return len(open), err
}
