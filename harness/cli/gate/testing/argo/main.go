// Measures one web metric of an AnalysisTemplate with the code of Argo Rollouts itself: reads the metric as JSON from standard input, asks
// its address, and prints the measurement as JSON.
package main

import (
	"encoding/json"
	"io"
	"log"
	"os"

	"github.com/argoproj/argo-rollouts/metricproviders/webmetric"
	"github.com/argoproj/argo-rollouts/pkg/apis/rollouts/v1alpha1"
	"github.com/sirupsen/logrus"
)

func main() {
	decoder := json.NewDecoder(os.Stdin)
	decoder.DisallowUnknownFields()
	var metric v1alpha1.Metric
	must(decoder.Decode(&metric))
	parser, err := webmetric.NewWebMetricJsonParser(metric)
	must(err)
	client, err := webmetric.NewWebMetricHttpClient(metric)
	must(err)
	quiet := logrus.New()
	quiet.SetOutput(io.Discard)
	measurement := webmetric.NewWebMetricProvider(*logrus.NewEntry(quiet), client, parser).Run(nil, metric)
	must(json.NewEncoder(os.Stdout).Encode(measurement))
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
