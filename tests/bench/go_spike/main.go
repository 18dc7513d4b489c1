// main.go -- The spike as a Go program: a real runtime dies with nine tenths of its memory free.
//
// Usage: go_spike LIMIT_BYTES [--huge-pages]
// Makes a group, runs itself in it as a child, which allocates nine tenths of the limit, touches
// it, drops it, allocates one tenth and touches that. Reaps, removes the group, reports. Standard
// library only. Go asks for huge pages by itself: without --huge-pages they are switched off for
// the child, so that its work is that of the others. Exit status: 0 killed for want of memory, 1 not killed, 2 bad usage, 4 no cage.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// The files of the two kinds of hierarchy that can own the memory controller.
type hierarchy struct {
	parent, limit, swap, events, join string
	swapIsATotal                      bool
}

var v1 = hierarchy{"/sys/fs/cgroup/memory", "memory.limit_in_bytes",
	"memory.memsw.limit_in_bytes", "memory.oom_control", "tasks", true}
var v2 = hierarchy{"/sys/fs/cgroup", "memory.max",
	"memory.swap.max", "memory.events", "cgroup.procs", false}

const (
	rmdirTriesMax   = 1000
	prSetThpDisable = 41 // PR_SET_THP_DISABLE of linux/prctl.h; fork and exec pass it on.
)

// The main goroutine stays on the main thread, so that "0" in v1's tasks file means the thread
// whose group pays for the process. Moving by cgroup.procs waits about 10 ms for the kernel's RCU:
// that is no cost of Go's, and must not be held against it.
func init() { runtime.LockOSThread() }

func findHierarchy() hierarchy {
	if _, err := os.Stat(v2.parent + "/cgroup.controllers"); err == nil {
		// Fails where it is on already or cannot be: then the limit's file tells.
		_ = os.WriteFile(v2.parent+"/cgroup.subtree_control", []byte("+memory"), 0)
		return v2
	}
	return v1
}

func write(path, text string) {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err == nil {
		_, err = file.WriteString(text)
		file.Close()
	}
	check(err)
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "go_spike:", err)
		os.Exit(4)
	}
}

// By whole pages: the compiler makes a memmove of copy, but a slow loop of a byte-wise fill.
func touch(slab []byte) {
	for i := 0; i < len(slab); i += len(filledPage) {
		copy(slab[i:], filledPage)
	}
}

// Package variables, so that the compiler cannot keep the slabs from the heap.
var spike, more []byte

var filledPage = bytes.Repeat([]byte{0xff}, 4096)

func child(h hierarchy, group string, limit uint64) {
	write(group+"/"+h.join, "0")
	runtime.UnlockOSThread()

	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	reserved := limit / 10
	spike = make([]byte, limit-stats.HeapAlloc-reserved)
	touch(spike)
	runtime.ReadMemStats(&stats)
	fmt.Println("spike touched, next gc:", stats.NextGC)

	spike = nil
	more = make([]byte, reserved)
	touch(more)
	fmt.Println("a little more touched: survived")
}

func readOOMKills(h hierarchy, group string) string {
	text, err := os.ReadFile(group + "/" + h.events)
	check(err)
	for _, line := range strings.Split(string(text), "\n") {
		if strings.HasPrefix(line, "oom_kill ") {
			return strings.TrimPrefix(line, "oom_kill ")
		}
	}
	return "unknown"
}

func removeGroup(group string) {
	err := syscall.Rmdir(group)
	for tries := 0; errors.Is(err, syscall.EBUSY) && tries < rmdirTriesMax; tries++ {
		time.Sleep(100 * time.Microsecond)
		err = syscall.Rmdir(group)
	}
	check(err)
}

func parent(h hierarchy, limit string, isHuge bool) int {
	if !isHuge {
		_, _, errno := syscall.RawSyscall6(syscall.SYS_PRCTL, prSetThpDisable, 1, 0, 0, 0, 0)
		if errno != 0 {
			check(errno)
		}
	}
	group := h.parent + "/oomlab-bench-go-" + strconv.Itoa(os.Getpid())
	check(os.Mkdir(group, 0o755))
	defer removeGroup(group)
	write(group+"/"+h.limit, limit)
	if _, err := os.Stat(group + "/" + h.swap); err == nil {
		if h.swapIsATotal {
			write(group+"/"+h.swap, limit)
		} else {
			write(group+"/"+h.swap, "0")
		}
	}

	command := exec.Command("/proc/self/exe", limit, "--child", group)
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	err := command.Run()
	kills := readOOMKills(h, group)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		status := exit.Sys().(syscall.WaitStatus)
		if status.Signaled() && status.Signal() == syscall.SIGKILL && kills == "1" {
			fmt.Println("oom-killed")
			return 0
		}
	}
	fmt.Fprintf(os.Stderr, "go_spike: not killed: %v, oom_kill %s\n", err, kills)
	return 1
}

func main() {
	var limit uint64
	var err error
	if len(os.Args) > 1 {
		limit, err = strconv.ParseUint(os.Args[1], 10, 62)
	}
	isHuge := len(os.Args) == 3 && os.Args[2] == "--huge-pages"
	isChild := len(os.Args) == 4 && os.Args[2] == "--child"
	if err != nil || limit < 1<<20 || len(os.Args) > 2 && !isHuge && !isChild {
		fmt.Fprintln(os.Stderr, "usage: go_spike LIMIT_BYTES [--huge-pages] (from 1048576 on)")
		os.Exit(2)
	}
	h := findHierarchy()
	if isChild {
		child(h, os.Args[3], limit)
		return
	}
	os.Exit(parent(h, os.Args[1], isHuge))
}
