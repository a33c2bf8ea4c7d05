package dev.sluice.e2e.runtime;

import dev.sluice.e2e.host.Command;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;

/** Layers of a snapshotter, mounted read-only on this machine until it is closed. */
public final class MountedView implements AutoCloseable {

    /** What carries this label is a root of containerd's garbage collection. */
    private static final String KEEP = "containerd.io/gc.root";

    private static final int TRIES = 20;

    private final ContainerdClient client;
    private final String snapshotter;
    private final String key;
    private final Path target;
    private boolean mounted;

    private MountedView(ContainerdClient client, String snapshotter, Path target) {
        this.client = client;
        this.snapshotter = snapshotter;
        this.key = "view at " + target;
        this.target = target;
    }

    static MountedView mount(ContainerdClient client, String snapshotter, String chainId, Path target)
            throws IOException {
        MountedView view = new MountedView(client, snapshotter, target);
        view.make(chainId);
        String mount =
                view.snapshots("mounts", target.toString(), view.key).run().stdout();
        Command.of("sh", "-c", mount).run();
        view.mounted = true;
        return view;
    }

    /** Where the layers are mounted. */
    public Path target() {
        return target;
    }

    /**
     * {@code ctr} makes a view first and labels it then, and a collection in between takes the view away: nothing refers to it. The
     * label fails in that case, so whoever has set it holds a view that stays.
     */
    private void make(String chainId) throws IOException {
        Command label = snapshots("label", key, KEEP + "=" + Instant.now());
        for (int i = 0; i < TRIES; i++) {
            snapshots("view", key, chainId).run();
            if (label.runForResult().exitCode() == 0) {
                return;
            }
        }
        label.run();
    }

    private Command snapshots(String command, String... arguments) {
        return client.command("snapshots", "--snapshotter", snapshotter, command)
                .withArguments(List.of(arguments));
    }

    /** Unmounts it; the view itself stays until it is closed. */
    public void unmount() throws IOException {
        if (mounted) {
            Command.of("umount", target.toString()).run();
            mounted = false;
        }
    }

    @Override
    public void close() throws IOException {
        unmount();
        snapshots("rm", key).run();
    }
}
