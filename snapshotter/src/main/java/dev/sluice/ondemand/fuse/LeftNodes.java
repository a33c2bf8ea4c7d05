package dev.sluice.ondemand.fuse;

import dev.sluice.ondemand.LayerSource;
import dev.sluice.ondemand.ServingThreads;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Files that a former process served on the same connection, and nobody has attached since: their first request opens the layer, on a
 * thread of its own. Safe for use by many threads.
 */
final class LeftNodes implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(LeftNodes.class);

    private final LayerSource layers;
    private final Supplier<NodeTable> nodes;
    private final Reply reply;
    private final Map<Long, String> names;
    private final ExecutorService executor = Executors.newSingleThreadExecutor(task -> {
        Thread thread = new Thread(task, "fuse-resume");
        thread.setDaemon(true);
        return thread;
    });

    /** What waits for a file. */
    interface Waiting {
        /**
         * Answers.
         *
         * @param node {@code null} if it cannot be opened
         * @param reply for an answer now
         */
        void answer(@Nullable Node node, Reply reply);
    }

    private LeftNodes(LayerSource layers, Supplier<NodeTable> nodes, Channel channel, Map<Long, String> names) {
        this.layers = layers;
        this.nodes = nodes;
        this.reply = new Reply(channel);
        this.names = Map.copyOf(names);
    }

    /** @param nodes what is attached now */
    static LeftNodes of(LayerSource layers, Supplier<NodeTable> nodes, Channel channel) throws IOException {
        Map<Long, String> names = new HashMap<>();
        for (String name : layers.names()) {
            names.put(Node.idOf(name), name);
        }
        return new LeftNodes(layers, nodes, channel, names);
    }

    /** Whether there was a layer with this node when the process started. */
    boolean has(long id) {
        return names.containsKey(id);
    }

    /** Opens the layer of a node, unless that has happened, then answers. After {@link #close} nothing happens. */
    void answerLater(long id, Waiting waiting) {
        try {
            executor.execute(() -> waiting.answer(find(id), reply));
        } catch (RejectedExecutionException e) {
            log.debug("A FUSE request for node {} is left to the next process", id, e);
        }
    }

    private @Nullable Node find(long id) {
        Node node = nodes.get().byId(id);
        String name = names.get(id);
        if (node != null || name == null) {
            return node;
        }
        try {
            layers.open(name);
            log.info("Layer {} is read by what runs since before the restart", name);
        } catch (IOException | RuntimeException e) {
            log.error("Tried to open layer {} for what runs since before the restart but failed", name, e);
        }
        return nodes.get().byId(id);
    }

    /** Drops what waits, unanswered; returns when the thread has ended. */
    @Override
    public void close() {
        ServingThreads.end(executor);
    }
}
