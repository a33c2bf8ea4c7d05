package dev.sluice.e2e;

import dev.sluice.e2e.host.Command;
import dev.sluice.e2e.host.TestBed;
import dev.sluice.e2e.image.TarEntry;
import dev.sluice.e2e.runtime.SluiceNode;
import dev.sluice.e2e.runtime.SluiceProcess;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A running container that reads files of its image in many ways. The programs that read are the machine's own, mounted into it, so
 * that it reads nothing of its image but what it is asked for. It ends with its containerd. Thread-safe.
 */
final class ReaderContainer {
    private static final String SCRIPT = "reads.py";
    private static final int TRIES = 3;

    private final SluiceNode node;
    private final String id;
    private final AtomicInteger commands = new AtomicInteger();

    private ReaderContainer(SluiceNode node, String id) {
        this.node = node;
        this.id = id;
    }

    /** What its image has to have in its lowest layer. */
    static List<TarEntry> entries() {
        return List.of(
                TarEntry.directory("usr"),
                TarEntry.directory("script"),
                TarEntry.symlink("bin", "usr/bin"),
                TarEntry.symlink("sbin", "usr/sbin"),
                TarEntry.symlink("lib", "usr/lib"),
                TarEntry.symlink("lib64", "usr/lib64"));
    }

    /**
     * Starts one.
     *
     * @param bed keeps what the container is given
     * @param reference of an image that was pulled
     * @param name of its own in the test
     */
    static ReaderContainer start(TestBed bed, SluiceNode node, String reference, String name) throws IOException {
        Path script = bed.directory("script");
        if (!Files.exists(script.resolve(SCRIPT))) {
            try (InputStream in = Objects.requireNonNull(ReaderContainer.class.getResourceAsStream(SCRIPT))) {
                Files.copy(in, script.resolve(SCRIPT));
            }
        }
        // Containers of all containerds on a machine share one directory of runc's.
        String id = name + "-" + ProcessHandle.current().pid();
        node.client()
                .command("run", "--detach", "--snapshotter", SluiceProcess.NAME)
                .withArguments(bind(Path.of("/usr"), "/usr"))
                .withArguments(bind(script, "/script"))
                .withArguments(List.of(reference, id, "sleep", "infinity"))
                .run();
        return new ReaderContainer(node, id);
    }

    private static List<String> bind(Path source, String target) {
        return List.of("--mount", "type=bind,src=" + source + ",dst=" + target + ",options=rbind:ro");
    }

    /**
     * Reads a file.
     *
     * @param way one of those that {@code reads.py} knows
     * @param path of the file in the container
     * @param numbers what else the way wants to know
     * @return the SHA-256 of what was read, in hexadecimal digits
     * @throws IOException if the read fails
     */
    String digest(String way, String path, int... numbers) throws IOException {
        String digest = "";
        for (int i = 0; i < TRIES && digest.isEmpty(); i++) {
            // On a busy machine ctr sometimes ends well before it has passed the output on.
            digest = reading(way, path, numbers).run().stdout().strip();
        }
        return digest;
    }

    /** The command of {@link #digest}. */
    Command reading(String way, String path, int... numbers) {
        List<String> arguments = new ArrayList<>(List.of("/usr/bin/python3", "/script/" + SCRIPT, way, path));
        for (int number : numbers) {
            arguments.add(Integer.toString(number));
        }
        return node.client()
                .command("tasks", "exec", "--exec-id", "exec-" + commands.incrementAndGet(), id)
                .withArguments(arguments);
    }

    /** Ends the command that was made last, which is running, by SIGKILL. */
    void killLast() throws IOException {
        node.client()
                .command("tasks", "kill", "--exec-id", "exec-" + commands.get(), "--signal", "SIGKILL", id)
                .run();
    }
}
