// Answers how robfig/cron v3 reads a schedule and when it fires. It reads one question a line, as JSON, and writes one answer a line.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/robfig/cron/v3"
)

type question struct {
	Cron     string `json:"cron"`
	TimeZone string `json:"timeZone"`
	FromMs   int64  `json:"fromMs"`
	UntilMs  int64  `json:"untilMs"`
	// Firings are listed up to this number; the longest gap counts all of them.
	Listed int `json:"listed"`
	// The search ends with the last one that is listed.
	OnlyListed bool `json:"onlyListed"`
}

type answer struct {
	Error     string  `json:"error,omitempty"`
	FiringsMs []int64 `json:"firingsMs"`
	Count     int     `json:"count"`
	LongestMs int64   `json:"longestMs"`
}

func ask(q question) (a answer) {
	a.FiringsMs = []int64{}
	defer func() {
		if panicked := recover(); panicked != nil {
			a.Error = fmt.Sprint(panicked)
		}
	}()
	zone, err := time.LoadLocation(q.TimeZone)
	if err != nil {
		a.Error = err.Error()
		return
	}
	schedule, err := cron.ParseStandard(q.Cron)
	if err != nil {
		a.Error = err.Error()
		return
	}
	at := time.UnixMilli(q.FromMs).In(zone)
	var previous int64
	for {
		at = schedule.Next(at)
		if at.IsZero() || at.UnixMilli() >= q.UntilMs {
			return
		}
		firing := at.UnixMilli()
		if len(a.FiringsMs) < q.Listed {
			a.FiringsMs = append(a.FiringsMs, firing)
		}
		if a.Count > 0 && firing-previous > a.LongestMs {
			a.LongestMs = firing - previous
		}
		a.Count++
		previous = firing
		if q.OnlyListed && a.Count == q.Listed {
			return
		}
	}
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	answers := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var q question
		if err := json.Unmarshal(lines.Bytes(), &q); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		if err := answers.Encode(ask(q)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}
