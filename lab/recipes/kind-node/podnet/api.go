package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"time"
)

const (
	account = "/var/run/secrets/kubernetes.io/serviceaccount/"
	// A watch is opened anew after this long, so that whatever was missed or changed by others is put right within a minute.
	watchTime = time.Minute
	slack     = 10 * time.Second
)

type api struct {
	url    string
	client http.Client
}

func newAPI(endpoint string) (*api, error) {
	authority, err := os.ReadFile(account + "ca.crt")
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(authority) {
		return nil, errors.New("no certificate in ca.crt of the service account")
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	return &api{"https://" + endpoint + "/api/v1/nodes", http.Client{Transport: transport, Timeout: watchTime + slack}}, nil
}

// follow calls changed with all nodes by name, now and after each change, until the watch ends (nil) or something fails.
func (a *api) follow(changed func(map[string]node) error) error {
	var list struct {
		Metadata struct{ ResourceVersion string }
		Items    []node
	}
	if err := a.get("", func(stream *json.Decoder) error { return stream.Decode(&list) }); err != nil {
		return fmt.Errorf("list nodes: %w", err)
	}
	nodes := map[string]node{}
	for _, item := range list.Items {
		nodes[item.Metadata.Name] = item
	}
	if err := changed(nodes); err != nil {
		return err
	}
	seconds := strconv.Itoa(int(watchTime.Seconds()))
	query := "?watch=true&timeoutSeconds=" + seconds + "&resourceVersion=" + list.Metadata.ResourceVersion
	return a.get(query, func(stream *json.Decoder) error { return applyEvents(stream, nodes, changed) })
}

func applyEvents(stream *json.Decoder, nodes map[string]node, changed func(map[string]node) error) error {
	for {
		var event struct {
			Type   string
			Object node
		}
		if err := stream.Decode(&event); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("watch nodes: %w", err)
		}
		switch event.Type {
		case "ADDED", "MODIFIED":
			nodes[event.Object.Metadata.Name] = event.Object
		case "DELETED":
			delete(nodes, event.Object.Metadata.Name)
		default:
			return fmt.Errorf("watch nodes: the API server sent %s", event.Type)
		}
		if err := changed(nodes); err != nil {
			return err
		}
	}
}

func (a *api) get(query string, read func(*json.Decoder) error) error {
	// The kubelet renews the token in its file: https://kubernetes.io/docs/concepts/storage/projected-volumes/#serviceaccounttoken
	token, err := os.ReadFile(account + "token")
	if err != nil {
		return err
	}
	request, err := http.NewRequest(http.MethodGet, a.url+query, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+string(token))
	response, err := a.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return errors.New(response.Status)
	}
	return read(json.NewDecoder(response.Body))
}
