// A CoreDNS with the plugins of our Corefile (targets/region-name.ts) alone. The released program has fifty, which take more than
// half of its compile time. It says that it is slim wherever it says its version.
package main

import (
	"github.com/coredns/caddy"
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/coremain"

	_ "github.com/coredns/coredns/plugin/bind"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/route53"
)

func main() {
	// In the order of CoreDNS's own plugin.cfg, which is the order in which they see a query.
	dnsserver.Directives = []string{"bind", "errors", "route53"}
	caddy.AppVersion = coremain.CoreVersion + "-slim"
	coremain.Run()
}
