package dev.sluice.ondemand.fanotify;

import dev.sluice.linux.FanotifyGroup;
import dev.sluice.linux.Linux;
import dev.sluice.linux.LinuxException;
import dev.sluice.ondemand.LayerSource;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Finds layers that events are about although nobody has attached them since the restart. Safe for use by many threads. */
final class UnknownLayers implements LeftEvents.Layers, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(UnknownLayers.class);

    private final Linux linux;
    private final FanotifyGroup group;
    private final LayerSource source;
    private final Supplier<LayerTable> attached;
    private final ExecutorService executor = Executors.newSingleThreadExecutor(task -> {
        Thread thread = new Thread(task, "fanotify-find");
        thread.setDaemon(true);
        return thread;
    });

    /** Names by inode number, as of when a layer was missing last. Used by the executor's thread only. */
    private final Map<Long, String> names = new HashMap<>();

    UnknownLayers(Linux linux, FanotifyGroup group, LayerSource source, Supplier<LayerTable> attached) {
        this.linux = linux;
        this.group = group;
        this.source = source;
        this.attached = attached;
    }

    @Override
    public CompletableFuture<ServedLayer> find(long inode) {
        ServedLayer known = attached.get().get(inode);
        return known == null ? later(() -> open(inode)) : CompletableFuture.completedFuture(known);
    }

    @Override
    public CompletableFuture<List<ServedLayer>> findMarked() {
        return later(() -> {
            List<ServedLayer> layers = new ArrayList<>();
            for (long inode : group.marks()) {
                layers.add(open(inode));
            }
            return layers;
        });
    }

    private interface Work<T> {
        T run() throws IOException;
    }

    private <T> CompletableFuture<T> later(Work<T> work) {
        try {
            return CompletableFuture.supplyAsync(
                    () -> {
                        try {
                            return work.run();
                        } catch (IOException e) {
                            throw new CompletionException(e);
                        }
                    },
                    executor);
        } catch (RejectedExecutionException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private ServedLayer open(long inode) throws IOException {
        ServedLayer known = attached.get().get(inode);
        if (known != null) {
            return known;
        }
        if (!names.containsKey(inode)) {
            readNames();
        }
        String name = names.get(inode);
        if (name == null) {
            throw new IOException("no layer has inode " + inode + " as its data file");
        }
        source.open(name);
        ServedLayer opened = attached.get().get(inode);
        if (opened == null) {
            throw new IOException("layer " + name + " has another data file than inode " + inode);
        }
        log.info("Layer {} is read again by what runs since before the restart", name);
        return opened;
    }

    private void readNames() throws IOException {
        Set<Long> marked = group.marks();
        names.clear();
        for (String name : source.names()) {
            Path data = source.files(name).data();
            try {
                long inode = linux.lstat(data).inode();
                if (marked.contains(inode)) {
                    names.put(inode, name);
                }
            } catch (LinuxException e) {
                log.debug("Layer {} has no data file", name, e);
            }
        }
    }

    @Override
    public void close() {
        executor.shutdownNow();
    }
}
