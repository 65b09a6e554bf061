package main

import (
	"encoding/json"
	"net/netip"
	"reflect"
	"strings"
	"testing"
)

const (
	alpha = `{"metadata": {"name": "alpha"}, "spec": {"podCIDR": "10.244.0.0/24", "podCIDRs": ["10.244.0.0/24", "fd00:10:244::/64"]},
		"status": {"addresses": [{"type": "InternalIP", "address": "172.18.0.2"}, {"type": "InternalIP", "address": "fc00::2"}, {"type": "Hostname", "address": "alpha"}]}}`
	beta = `{"metadata": {"name": "beta"}, "spec": {"podCIDRs": ["10.244.1.0/24", "fd00:10:244:1::/64"]},
		"status": {"addresses": [{"type": "Hostname", "address": "beta"}, {"type": "InternalIP", "address": "172.18.0.3"}]}}`
	fresh = `{"metadata": {"name": "fresh"}, "spec": {}, "status": {"addresses": [{"type": "InternalIP", "address": "172.18.0.4"}]}}`
)

func parse(t *testing.T, texts ...string) map[string]node {
	t.Helper()
	nodes := map[string]node{}
	for _, text := range texts {
		var parsed node
		if err := json.Unmarshal([]byte(text), &parsed); err != nil {
			t.Fatal(err)
		}
		nodes[parsed.Metadata.Name] = parsed
	}
	return nodes
}

func TestRoutesGoToOtherNodesByFamily(t *testing.T) {
	found := routes(parse(t, alpha, beta, fresh), "beta")
	expected := map[netip.Prefix]netip.Addr{
		netip.MustParsePrefix("10.244.0.0/24"):    netip.MustParseAddr("172.18.0.2"),
		netip.MustParsePrefix("fd00:10:244::/64"): netip.MustParseAddr("fc00::2"),
	}
	if !reflect.DeepEqual(found, expected) {
		t.Errorf("expected %v, found %v", expected, found)
	}
}

func TestNoRouteWhereTheNodeLacksAnAddressOfTheFamily(t *testing.T) {
	found := routes(parse(t, alpha, beta, fresh), "alpha")
	expected := map[netip.Prefix]netip.Addr{netip.MustParsePrefix("10.244.1.0/24"): netip.MustParseAddr("172.18.0.3")}
	if !reflect.DeepEqual(found, expected) {
		t.Errorf("expected %v, found %v", expected, found)
	}
}

func TestOnlyWhatLeavesThePodSubnetsIsMasqueraded(t *testing.T) {
	subnets, err := parseSubnets("10.244.0.0/16, fd00:10:244::/56")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"\nip saddr 10.244.0.0/16 ip daddr != 10.244.0.0/16 masquerade\n",
		"\nip6 saddr fd00:10:244::/56 ip6 daddr != fd00:10:244::/56 masquerade\n",
	} {
		if !strings.Contains(ruleset(subnets), line) {
			t.Errorf("expected %q in:\n%s", line, ruleset(subnets))
		}
	}
	if count := strings.Count(ruleset(subnets), "masquerade"); count != 2 {
		t.Errorf("expected 2 rules, found %d", count)
	}
}

func TestASubnetThatIsNoneIsAnError(t *testing.T) {
	for _, text := range []string{"", "10.244.0.0", "10.244.0.0/16,"} {
		if found, err := parseSubnets(text); err == nil {
			t.Errorf("expected an error for %q, found %v", text, found)
		}
	}
}

func TestConfigurationHasARangeAndADefaultRouteForEachFamily(t *testing.T) {
	var found struct {
		Plugins []struct {
			Type string
			MTU  int
			IPAM struct {
				Ranges [][]struct{ Subnet string }
				Routes []struct{ Dst string }
			}
			Capabilities map[string]bool
		}
	}
	ranges := []netip.Prefix{netip.MustParsePrefix("10.244.1.0/24"), netip.MustParsePrefix("fd00:10:244:1::/64")}
	if err := json.Unmarshal(conflist(ranges, 1450), &found); err != nil {
		t.Fatal(err)
	}
	pods, ports := found.Plugins[0], found.Plugins[1]
	if pods.Type != "ptp" || pods.MTU != 1450 || ports.Type != "portmap" || !ports.Capabilities["portMappings"] {
		t.Errorf("expected ptp with MTU 1450 and portmap, found %+v", found.Plugins)
	}
	for index, expected := range []struct{ subnet, route string }{{"10.244.1.0/24", "0.0.0.0/0"}, {"fd00:10:244:1::/64", "::/0"}} {
		if subnet := pods.IPAM.Ranges[index][0].Subnet; subnet != expected.subnet {
			t.Errorf("expected the range %s, found %s", expected.subnet, subnet)
		}
		if route := pods.IPAM.Routes[index].Dst; route != expected.route {
			t.Errorf("expected the route %s, found %s", expected.route, route)
		}
	}
}

func follow(t *testing.T, events ...string) ([][]string, error) {
	t.Helper()
	var seen [][]string
	nodes := parse(t, alpha)
	err := applyEvents(json.NewDecoder(strings.NewReader(strings.Join(events, "\n"))), nodes, func(nodes map[string]node) error {
		var names []string
		for _, name := range []string{"alpha", "beta"} {
			if _, present := nodes[name]; present {
				names = append(names, name)
			}
		}
		seen = append(seen, names)
		return nil
	})
	return seen, err
}

func TestEveryEventOfAWatchIsApplied(t *testing.T) {
	seen, err := follow(t, `{"type": "ADDED", "object": `+beta+`}`, `{"type": "MODIFIED", "object": `+beta+`}`, `{"type": "DELETED", "object": `+alpha+`}`)
	expected := [][]string{{"alpha", "beta"}, {"alpha", "beta"}, {"beta"}}
	if err != nil || !reflect.DeepEqual(seen, expected) {
		t.Errorf("expected %v, found %v, %v", expected, seen, err)
	}
}

func TestAnErrorOfTheServerEndsTheWatch(t *testing.T) {
	seen, err := follow(t, `{"type": "ERROR", "object": {"kind": "Status", "code": 410, "metadata": {}}}`, `{"type": "DELETED", "object": `+alpha+`}`)
	if err == nil || len(seen) != 0 {
		t.Errorf("expected an error before any change, found %v, %v", seen, err)
	}
}
