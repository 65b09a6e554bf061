package main

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
)

// node is the part of https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/node-v1/ that matters here.
type node struct {
	Metadata struct{ Name string }
	Spec     struct{ PodCIDRs []netip.Prefix }
	Status   struct {
		Addresses []struct{ Type, Address string }
	}
}

// address returns the node's internal address of the same family as prefix; the zero Addr when it has none.
func (n node) address(prefix netip.Prefix) netip.Addr {
	for _, candidate := range n.Status.Addresses {
		address, err := netip.ParseAddr(candidate.Address)
		if candidate.Type == "InternalIP" && err == nil && address.Is4() == prefix.Addr().Is4() {
			return address
		}
	}
	return netip.Addr{}
}

func parseSubnets(text string) ([]netip.Prefix, error) {
	var subnets []netip.Prefix
	for _, part := range strings.Split(text, ",") {
		subnet, err := netip.ParsePrefix(strings.TrimSpace(part))
		if err != nil {
			return nil, err
		}
		subnets = append(subnets, subnet)
	}
	return subnets, nil
}

// ruleset replaces our table as one transaction; the first line lets the second succeed where there is none yet.
func ruleset(subnets []netip.Prefix) string {
	lines := []string{"table inet podnet", "delete table inet podnet", "table inet podnet {", "chain postrouting {"}
	lines = append(lines, "type nat hook postrouting priority srcnat; policy accept;")
	for _, subnet := range subnets {
		family := "ip6"
		if subnet.Addr().Is4() {
			family = "ip"
		}
		lines = append(lines, fmt.Sprintf("%s saddr %s %s daddr != %s masquerade", family, subnet, family, subnet))
	}
	return strings.Join(append(lines, "}", "}", ""), "\n")
}

// routes maps the pod ranges of every node but self to the node's address of the same family.
func routes(nodes map[string]node, self string) map[netip.Prefix]netip.Addr {
	wanted := map[netip.Prefix]netip.Addr{}
	for name, peer := range nodes {
		for _, prefix := range peer.Spec.PodCIDRs {
			if address := peer.address(prefix); name != self && address.IsValid() {
				wanted[prefix.Masked()] = address
			}
		}
	}
	return wanted
}

// conflist is the CNI configuration list (https://www.cni.dev/docs/spec/#configuration-format) for a node with these pod ranges.
func conflist(ranges []netip.Prefix, mtu int) []byte {
	type object map[string]any
	var pools [][]object
	var routes []object
	for _, prefix := range ranges {
		everything := netip.PrefixFrom(netip.IPv6Unspecified(), 0)
		if prefix.Addr().Is4() {
			everything = netip.PrefixFrom(netip.IPv4Unspecified(), 0)
		}
		pools = append(pools, []object{{"subnet": prefix}})
		routes = append(routes, object{"dst": everything})
	}
	// /run is empty after the node's restart, as are the pods' network namespaces: so are the address reservations.
	ipam := object{"type": "host-local", "dataDir": "/run/cni/podnet", "ranges": pools, "routes": routes}
	text, err := json.Marshal(object{
		"cniVersion": "1.0.0",
		"name":       "podnet",
		"plugins": []object{
			{"type": "ptp", "mtu": mtu, "ipam": ipam},
			{"type": "portmap", "capabilities": object{"portMappings": true}},
		},
	})
	if err != nil {
		panic(err)
	}
	return text
}
