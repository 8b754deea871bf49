// Answers what Velero includes in a backup, by Velero's own packages. It reads one question a line, as JSON, and writes one answer a line.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/sirupsen/logrus"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	velerov1api "github.com/vmware-tanzu/velero/pkg/apis/velero/v1"
	"github.com/vmware-tanzu/velero/pkg/discovery"
	"github.com/vmware-tanzu/velero/pkg/util/collections"
)

type resource struct {
	// As Velero writes it: plural and group, e.g. "deployments.apps".
	Name       string `json:"name"`
	Namespaced bool   `json:"namespaced"`
	// Other names that the API server resolves: singular, short, without the group.
	Aliases []string `json:"aliases"`
}

type question struct {
	Spec       velerov1api.BackupSpec `json:"spec"`
	Namespaces []string               `json:"namespaces"`
	Resources  []resource             `json:"resources"`
}

type answer struct {
	// What the backup controller refuses the lists for.
	Refused bool `json:"refused"`
	// The namespaces that are backed up.
	Namespaces []string `json:"namespaces"`
	// The types that are listed from the API server.
	Included []string `json:"included"`
	// The types that are kept out even where another object brings them along.
	Excluded []string `json:"excluded"`
}

// helper resolves names as discovery does, from the list in the question. Its other methods are not called.
type helper struct {
	discovery.Helper
	byName map[string]resource
}

func (h helper) ResourceFor(input schema.GroupVersionResource) (schema.GroupVersionResource, metav1.APIResource, error) {
	found, ok := h.byName[input.GroupResource().String()]
	if !ok {
		return schema.GroupVersionResource{}, metav1.APIResource{}, fmt.Errorf("no such resource %s", input.GroupResource())
	}
	return schema.ParseGroupResource(found.Name).WithVersion("v1"), metav1.APIResource{Namespaced: found.Namespaced}, nil
}

func usesNew(spec velerov1api.BackupSpec) bool {
	return len(spec.IncludedClusterScopedResources)+len(spec.ExcludedClusterScopedResources)+
		len(spec.IncludedNamespaceScopedResources)+len(spec.ExcludedNamespaceScopedResources) > 0
}

func added(include, exclude []string, more ...string) ([]string, []string) {
	exclude = append(slices.Clone(exclude), more...)
	include = slices.DeleteFunc(slices.Clone(include), func(each string) bool { return slices.Contains(exclude, each) })
	return include, exclude
}

func ask(q question) (a answer) {
	a.Namespaces, a.Included, a.Excluded = []string{}, []string{}, []string{}
	spec := q.Spec
	old := collections.UseOldResourceFilters(spec)
	if old && usesNew(spec) {
		a.Refused = true
		return
	}
	// As pkg/controller/backup_controller.go, prepareBackupRequest: an empty list stands for every namespace.
	if len(spec.IncludedNamespaces) == 0 {
		spec.IncludedNamespaces = []string{"*"}
	}
	errs := collections.ValidateNamespaceIncludesExcludes(spec.IncludedNamespaces, spec.ExcludedNamespaces)
	if old {
		errs = append(errs, collections.ValidateIncludesExcludes(spec.IncludedResources, spec.ExcludedResources)...)
	} else {
		errs = append(errs, collections.ValidateScopedIncludesExcludes(spec.IncludedClusterScopedResources, spec.ExcludedClusterScopedResources)...)
		errs = append(errs, collections.ValidateScopedIncludesExcludes(spec.IncludedNamespaceScopedResources, spec.ExcludedNamespaceScopedResources)...)
	}
	namespaces := collections.NewNamespaceIncludesExcludes().ActiveNamespaces(q.Namespaces).
		Includes(spec.IncludedNamespaces...).Excludes(spec.ExcludedNamespaces...)
	if err := namespaces.ExpandIncludesExcludes(true); err != nil {
		errs = append(errs, err)
	}
	if len(errs) > 0 {
		a.Refused = true
		return
	}
	resolved, err := namespaces.ResolveNamespaceList(true)
	if err != nil {
		a.Refused = true
		return
	}
	a.Namespaces = append(a.Namespaces, resolved...)

	known := helper{byName: map[string]resource{}}
	for _, each := range q.Resources {
		for _, name := range append(each.Aliases, each.Name) {
			known.byName[name] = each
		}
	}
	// The controller adds what Velero never lists (autoExclude… in the same file); its own function is not exported.
	const snapshots, snapshotContents = "volumesnapshots.snapshot.storage.k8s.io", "volumesnapshotcontents.snapshot.storage.k8s.io"
	if old {
		spec.IncludedResources, spec.ExcludedResources = added(spec.IncludedResources, spec.ExcludedResources, snapshots, snapshotContents)
	} else {
		spec.IncludedClusterScopedResources, spec.ExcludedClusterScopedResources = added(spec.IncludedClusterScopedResources, spec.ExcludedClusterScopedResources, snapshotContents)
		spec.IncludedNamespaceScopedResources, spec.ExcludedNamespaceScopedResources = added(spec.IncludedNamespaceScopedResources, spec.ExcludedNamespaceScopedResources, snapshots)
	}
	logger := logrus.New()
	logger.SetOutput(io.Discard)
	var filter collections.IncludesExcludesInterface
	if old {
		filter = collections.GetGlobalResourceIncludesExcludes(known, logger, spec.IncludedResources, spec.ExcludedResources, spec.IncludeClusterResources, *namespaces)
	} else {
		filter = collections.GetScopeResourceIncludesExcludes(known, logger, spec.IncludedNamespaceScopedResources, spec.ExcludedNamespaceScopedResources, spec.IncludedClusterScopedResources, spec.ExcludedClusterScopedResources, *namespaces)
	}
	for _, each := range q.Resources {
		if filter.ShouldInclude(each.Name) {
			a.Included = append(a.Included, each.Name)
		}
		if filter.ShouldExclude(each.Name) {
			a.Excluded = append(a.Excluded, each.Name)
		}
	}
	return
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
