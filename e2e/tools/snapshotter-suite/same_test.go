package suite

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/containerd/containerd/v2/core/mount"
	"github.com/containerd/containerd/v2/core/snapshots"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	"github.com/containerd/containerd/v2/plugins/snapshots/overlay"
	"github.com/containerd/errdefs"
)

// root keeps containerd's garbage collection away.
const root = "containerd.io/gc.root"

// TestSameAsOverlayfs gives the same calls to the snapshotter and to containerd's overlayfs snapshotter, and compares what they answer.
func TestSameAsOverlayfs(t *testing.T) {
	for name, calls := range map[string]func(*caller){
		"Codes":               codes,
		"Labels":              labels,
		"FieldMasks":          fieldMasks,
		"Filters":             filters,
		"Mounts":              mounts,
		"Usage":               usage,
		"Times":               times,
		"ParentGivenAtCommit": parentGivenAtCommit,
	} {
		t.Run(name, func(t *testing.T) {
			ours := transcript(t, calls, "ours-"+name, func() (snapshots.Snapshotter, func() error, error) {
				return connect(*snapshotter)
			})
			theirs := transcript(t, calls, "theirs-"+name, func() (snapshots.Snapshotter, func() error, error) {
				if *reference != "" {
					return connect(*reference)
				}
				sn, err := overlay.NewSnapshotter(t.TempDir(), overlay.AsynchronousRemove)
				if err != nil {
					return nil, nil, err
				}
				return sn, sn.Close, nil
			})
			if len(theirs) < 2 {
				t.Fatalf("nothing was compared")
			}
			for i := range max(len(ours), len(theirs)) {
				if i >= len(ours) || i >= len(theirs) || ours[i] != theirs[i] {
					t.Errorf("call %d:\n  overlayfs: %s\n  ours:      %s", i, at(theirs, i), at(ours, i))
				}
			}
		})
	}
}

// caller makes calls and writes down what came of them.
type caller struct {
	t          *testing.T
	ctx        context.Context
	sn         snapshots.Snapshotter
	transcript []string
}

func transcript(t *testing.T, calls func(*caller), namespace string, open func() (snapshots.Snapshotter, func() error, error)) []string {
	sn, closeIt, err := open()
	if err != nil {
		t.Fatal(err)
	}
	defer closeIt()
	c := &caller{t: t, ctx: namespaces.WithNamespace(context.Background(), namespace), sn: sn}
	defer c.removeAll()
	calls(c)
	return c.transcript
}

func (c *caller) note(format string, args ...any) {
	c.transcript = append(c.transcript, fmt.Sprintf(format, args...))
}

// removeAll leaves nothing for the next case; the service may be shared with one that has no namespaces.
func (c *caller) removeAll() {
	for range 100 {
		var names []string
		c.must(c.sn.Walk(c.ctx, func(_ context.Context, info snapshots.Info) error {
			if strings.HasPrefix(info.Name, "same-") {
				names = append(names, info.Name)
			}
			return nil
		}))
		if len(names) == 0 {
			return
		}
		for _, name := range names {
			if err := c.sn.Remove(c.ctx, name); err != nil && !errdefs.IsFailedPrecondition(err) {
				c.t.Fatal(err)
			}
		}
	}
	c.t.Fatal("snapshots cannot be removed")
}

func (c *caller) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c *caller) prepare(key, parent string, labels ...string) ([]mount.Mount, error) {
	return c.sn.Prepare(c.ctx, key, parent, withLabels(labels))
}

func (c *caller) view(key, parent string, labels ...string) ([]mount.Mount, error) {
	return c.sn.View(c.ctx, key, parent, withLabels(labels))
}

func (c *caller) commit(name, key string, labels ...string) error {
	return c.sn.Commit(c.ctx, name, key, withLabels(labels))
}

// layer makes a committed snapshot.
func (c *caller) layer(name, parent string, labels ...string) {
	c.t.Helper()
	_, err := c.prepare(name+"-making", parent)
	c.must(err)
	c.must(c.commit(name, name+"-making", labels...))
}

func withLabels(pairs []string) snapshots.Opt {
	labels := map[string]string{root: "yes"}
	for i := 0; i < len(pairs); i += 2 {
		labels[pairs[i]] = pairs[i+1]
	}
	return snapshots.WithLabels(labels)
}

func codes(c *caller) {
	c.layer("same-base", "")
	c.layer("same-top", "same-base")
	call := func(what string, err error) { c.note("%s: %s", what, code(err)) }
	_, err := c.prepare("same-active", "same-top")
	call("prepare", err)
	_, err = c.prepare("same-active", "")
	call("prepare what exists", err)
	_, err = c.prepare("same-active", "same-missing")
	call("prepare what exists on a missing parent", err)
	_, err = c.prepare("same-top", "")
	call("prepare what is committed", err)
	_, err = c.view("same-active", "same-top")
	call("view what exists", err)
	_, err = c.prepare("same-x", "same-missing")
	call("prepare on a missing parent", err)
	_, err = c.prepare("same-x", "same-active")
	call("prepare on an active parent", err)
	_, err = c.view("same-x", "same-active")
	call("view of an active parent", err)
	_, err = c.view("same-view", "same-top")
	call("view", err)
	_, err = c.sn.Mounts(c.ctx, "same-missing")
	call("mounts of nothing", err)
	_, err = c.sn.Mounts(c.ctx, "same-top")
	call("mounts of a committed one", err)
	_, err = c.sn.Stat(c.ctx, "same-missing")
	call("stat of nothing", err)
	_, err = c.sn.Usage(c.ctx, "same-missing")
	call("usage of nothing", err)
	_, err = c.sn.Update(c.ctx, snapshots.Info{Name: "same-missing"})
	call("update of nothing", err)
	call("commit of nothing", c.commit("same-x", "same-missing"))
	call("commit to a name that exists", c.commit("same-top", "same-active"))
	call("commit of a view", c.commit("same-x", "same-view"))
	call("commit of a committed one", c.commit("same-x", "same-top"))
	call("commit of a committed one to a name that exists", c.commit("same-base", "same-top"))
	call("remove nothing", c.sn.Remove(c.ctx, "same-missing"))
	call("remove what has children", c.sn.Remove(c.ctx, "same-top"))
	call("remove what has grandchildren", c.sn.Remove(c.ctx, "same-base"))
	call("commit", c.commit("same-committed", "same-active"))
	_, err = c.sn.Stat(c.ctx, "same-active")
	call("stat of what was committed", err)
	call("remove", c.sn.Remove(c.ctx, "same-committed"))
	_, err = c.prepare("same-active", "same-top")
	call("prepare what was removed", err)
}

func labels(c *caller) {
	show := func(what, name string) {
		info, err := c.sn.Stat(c.ctx, name)
		c.note("%s: %s %s", what, code(err), describe(info))
	}
	long := strings.Repeat("v", 4000)
	_, err := c.prepare("same-active", "", "a", "1", "empty", "", "b/c.d", "x y,z\"", "long", long, "ünï", "ćödé")
	c.note("prepare: %s", code(err))
	show("prepared", "same-active")
	c.must(c.commit("same-committed", "same-active", "b", "2", "empty", ""))
	show("committed", "same-committed")
	_, err = c.view("same-view", "same-committed", "c", "3", "empty", "")
	c.note("view: %s", code(err))
	show("view", "same-view")
	c.must(c.sn.Walk(c.ctx, func(_ context.Context, info snapshots.Info) error {
		c.note("walk: %s", describe(info))
		return nil
	}, "name==same-view"))
}

func fieldMasks(c *caller) {
	c.layer("same-committed", "", "keep", "1", "change", "1", "drop", "1")
	_, err := c.prepare("same-active", "same-committed", "keep", "1", "change", "1", "drop", "1")
	c.must(err)
	_, err = c.view("same-view", "same-committed", "keep", "1", "change", "1", "drop", "1")
	c.must(err)
	for _, name := range []string{"same-committed", "same-active", "same-view"} {
		for _, paths := range [][]string{
			{"labels.change"}, {"labels.change", "labels.drop"}, {"labels.missing"}, {"labels.new/with.dots"},
			{"parent"}, {"name"}, {"kind"}, {"Labels"}, {"labels.keep", "created"}, {"labels.change", "labels"}, {"labels"}, {},
		} {
			info := snapshots.Info{Name: name, Parent: "same-missing", Kind: snapshots.KindView, Labels: map[string]string{
				root: "yes", "change": fmt.Sprint(paths), "new/with.dots": "n", "empty": "",
			}}
			updated, err := c.sn.Update(c.ctx, info, paths...)
			c.note("update %s of %s: %s %s", paths, name, code(err), describe(updated))
			stat, err := c.sn.Stat(c.ctx, name)
			c.note("then: %s %s", code(err), describe(stat))
		}
	}
}

func filters(c *caller) {
	c.layer("same-base", "", "a", "1", "x.y/z", "v", "quote", "say \"x\"", "bytes", "ä|")
	c.layer("same-top", "same-base", "a", "2")
	_, err := c.prepare("same-active", "same-top", "a", "12", "empty", "")
	c.must(err)
	_, err = c.prepare("same-alone", "")
	c.must(err)
	_, err = c.view("same-view", "same-base", "a", "x,y z")
	c.must(err)
	for _, filter := range [][]string{
		{}, {""}, {"kind==active"}, {"kind==view"}, {"kind==committed"}, {"kind==Committed"}, {"kind!=active"}, {"kind"}, {"kind~=^[cv]"},
		{"name==same-top"}, {"name~=same-(top|base)$"}, {"name~=/same-(top|base)$/"}, {"name~=|-a|"}, {"name==same-top", "name==same-view"},
		{"parent==same-base"}, {"parent==\"\""}, {"parent!=\"\""}, {"parent==same-base,kind==view"}, {"parent"}, {"parent~=^$"},
		{"labels.a"}, {"labels.a==1"}, {"labels.a!=1"}, {"labels.\"a\"==2"}, {"labels.a~=^1"}, {"labels.a~=\"\""}, {"labels.a==\"x,y z\""},
		{"labels.\"x.y/z\"==v"}, {"labels.x.\"y/z\""}, {"labels.empty"}, {"labels.empty==\"\""}, {"labels.missing"}, {"labels.missing!=x"},
		{"labels"}, {"labels==x"}, {"labels!=x"}, {"missing"}, {"missing!=x"}, {"missing~=."}, {"labels.quote==\"say \\\"x\\\"\""},
		{"labels.bytes==\"\\xc3\\xa4|\""}, {"labels.bytes==\"\\u00e4\\174\""}, {"labels.bytes==ä|"}, {"labels.bytes~=^ä"},
		{" name == same-top"}, {"name==same-top, kind==committed"}, {"kind==active,labels.a==12", "kind==view,labels.a==12"},
		{"name~=["}, {"name~=[,kind==view"}, {"name~=[", "kind==view"}, {"name~=\"(\""},
		{"name=x"}, {"name===x"}, {"name=="}, {"parent==,kind==active"}, {"==x"}, {","}, {"name,"}, {"name==x y"}, {"name==same-top "},
		{"name .x"}, {"labels."}, {"labels.\"open"}, {"labels.\"bad\\q\""}, {"labels.\"bad\\x4\""}, {"labels.\"bad\\777\""},
		{"labels.\"bad\\UFFFFFFFF\""}, {"labels.\"bad\\U00110000\""}, {"labels.\"bad\\ud800\"!=x"}, {"labels.\"two\nlines\""}, {"name==/x/"}, {"name==|x|"}, {"name~=/x"}, {"name==.x"}, {"na-me==x"},
		{"näme==x"}, {"name ,kind==view"}, {"name==a=b"}, {"name== =b"}, {"kind==view", "name="},
	} {
		var names []string
		err := c.sn.Walk(c.ctx, func(_ context.Context, info snapshots.Info) error {
			if strings.HasPrefix(info.Name, "same-") {
				names = append(names, info.Name)
			}
			return nil
		}, filter...)
		sort.Strings(names)
		c.note("filter %q: %s %s", filter, code(err), names)
	}
}

func mounts(c *caller) {
	call := func(what string, mounts []mount.Mount, err error) {
		c.note("%s: %s %s", what, code(err), shapes(mounts))
	}
	m, err := c.prepare("same-first", "")
	call("first layer", m, err)
	again, err := c.sn.Mounts(c.ctx, "same-first")
	call("again", again, err)
	c.must(c.commit("same-1", "same-first"))
	m, err = c.prepare("same-on-1", "same-1")
	call("on one layer", m, err)
	c.layer("same-2", "same-1")
	m, err = c.prepare("same-on-2", "same-2")
	call("on two layers", m, err)
	again, err = c.sn.Mounts(c.ctx, "same-on-2")
	call("again", again, err)
	m, err = c.view("same-view-0", "")
	call("view of nothing", m, err)
	m, err = c.view("same-view-1", "same-1")
	call("view of one layer", m, err)
	m, err = c.view("same-view-2", "same-2")
	call("view of two layers", m, err)
	again, err = c.sn.Mounts(c.ctx, "same-view-2")
	call("again", again, err)
}

func usage(c *caller) {
	show := func(what, name string) {
		usage, err := c.sn.Usage(c.ctx, name)
		c.note("%s: %s %+v", what, code(err), usage)
	}
	c.layer("same-base", "")
	show("empty layer", "same-base")
	m, err := c.prepare("same-active", "same-base")
	c.must(err)
	show("before", "same-active")
	upper := upperDirectory(c.t, m)
	c.must(os.MkdirAll(filepath.Join(upper, "a/b/ünï"), 0o755))
	write(c, filepath.Join(upper, "a/small"), make([]byte, 10))
	write(c, filepath.Join(upper, "a/b/large"), make([]byte, 100_000))
	write(c, filepath.Join(upper, "a/b/ünï/n\xffme"), make([]byte, 5000))
	c.must(os.Link(filepath.Join(upper, "a/b/large"), filepath.Join(upper, "a/link")))
	c.must(os.Symlink("/etc/passwd", filepath.Join(upper, "symlink")))
	sparse, err := os.Create(filepath.Join(upper, "sparse"))
	c.must(err)
	c.must(sparse.Truncate(1 << 30))
	c.must(sparse.Sync())
	c.must(sparse.Close())
	show("written", "same-active")
	c.must(c.commit("same-committed", "same-active"))
	show("committed", "same-committed")
	_, err = c.prepare("same-above", "same-committed")
	c.must(err)
	show("above", "same-above")
	_, err = c.view("same-view", "same-committed")
	c.must(err)
	show("view", "same-view")
}

func times(c *caller) {
	_, err := c.prepare("same-active", "")
	c.must(err)
	prepared, err := c.sn.Stat(c.ctx, "same-active")
	c.must(err)
	c.note("prepared: updated is created: %v", prepared.Updated.Equal(prepared.Created))
	updated, err := c.sn.Update(c.ctx, prepared, "labels")
	c.must(err)
	c.note("updated: created stays: %v, updated is later: %v", updated.Created.Equal(prepared.Created), updated.Updated.After(prepared.Updated))
	c.must(c.commit("same-committed", "same-active"))
	committed, err := c.sn.Stat(c.ctx, "same-committed")
	c.must(err)
	c.note("committed: is a new time: %v, updated is created: %v", committed.Created.After(updated.Updated), committed.Updated.Equal(committed.Created))
}

func parentGivenAtCommit(c *caller) {
	c.layer("same-base", "")
	c.layer("same-other", "")
	_, err := c.prepare("same-alone", "")
	c.must(err)
	_, err = c.prepare("same-with", "same-base")
	c.must(err)
	try := func(key, name, parent string) {
		err := c.sn.Commit(c.ctx, name, key, withLabels(nil), snapshots.WithParent(parent))
		c.note("commit %s on %s: %s", key, parent, code(err))
		if info, err := c.sn.Stat(c.ctx, name); err == nil {
			c.note("then: %s", describe(info))
		}
	}
	try("same-with", "same-x", "same-other")
	try("same-with", "same-y", "same-base")
	try("same-alone", "same-z", "same-missing")
	try("same-alone", "same-z", "same-alone")
	try("same-alone", "same-z", "same-base")
}

func write(c *caller, path string, bytes []byte) {
	file, err := os.Create(path)
	c.must(err)
	_, err = file.Write(bytes)
	c.must(err)
	c.must(file.Sync())
	c.must(file.Close())
}

func upperDirectory(t *testing.T, mounts []mount.Mount) string {
	for _, option := range mounts[len(mounts)-1].Options {
		if path, found := strings.CutPrefix(option, "upperdir="); found {
			return path
		}
	}
	t.Fatalf("no upper directory in %v", mounts)
	return ""
}

// code names the kind of an error as containerd's clients tell them apart.
func code(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errdefs.IsNotFound(err):
		return "not found"
	case errdefs.IsAlreadyExists(err):
		return "already exists"
	case errdefs.IsFailedPrecondition(err):
		return "failed precondition"
	case errdefs.IsInvalidArgument(err):
		return "invalid argument"
	default:
		return "error"
	}
}

func describe(info snapshots.Info) string {
	var labels []string
	for key, value := range info.Labels {
		labels = append(labels, key+"="+value)
	}
	sort.Strings(labels)
	return fmt.Sprintf("%s %s on %q, labels %q", info.Kind, info.Name, info.Parent, labels)
}

// shapes describes mounts without the paths, which differ between snapshotters.
func shapes(mounts []mount.Mount) []string {
	var shapes []string
	for _, m := range mounts {
		var options []string
		for _, option := range m.Options {
			switch name, value, _ := strings.Cut(option, "="); name {
			case "lowerdir":
				options = append(options, fmt.Sprintf("%s of %d", name, strings.Count(value, ":")+1))
			case "upperdir", "workdir":
				options = append(options, name)
			default:
				options = append(options, option)
			}
		}
		sort.Strings(options)
		shapes = append(shapes, fmt.Sprintf("%s %v", m.Type, options))
	}
	return shapes
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "(nothing)"
}
