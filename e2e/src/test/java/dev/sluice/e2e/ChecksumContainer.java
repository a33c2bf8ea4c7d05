package dev.sluice.e2e;

import dev.sluice.e2e.host.Command;
import dev.sluice.e2e.host.TestBed;
import dev.sluice.e2e.runtime.SluiceNode;
import dev.sluice.e2e.runtime.SluiceProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.Stream;

/** A container that reads files with the machine's programs, and what it says about them. */
final class ChecksumContainer {
    static final int READERS = 8;

    /** Reads each file of its arguments, some at once, in the way its name says, and leaves a line for each that could be read. */
    private static final String READ_ALL = "printf '%s\\n' \"$@\" | xargs -P " + READERS + " -n 1 sh -c 'case $0 in"
            + " */" + ColdFiles.READ + "*) sha256sum \"$0\" ;;"
            + " */" + ColdFiles.MAP + "*) python3 /map.py \"$0\" ;;"
            + " */" + ColdFiles.EXEC + "*) \"$0\" \"$0\" ;;"
            + " esac >> /out/read'; ";

    private final SluiceNode node;
    private final String reference;
    private final String id;
    private final Path out;

    ChecksumContainer(TestBed round, SluiceNode node, String reference, String id) throws IOException {
        this.node = node;
        this.reference = reference;
        // Containers of all containerds on a machine share one directory of runc's.
        this.id = id + "-" + ProcessHandle.current().pid();
        this.out = round.directory(id);
    }

    /** Its name. */
    String id() {
        return id;
    }

    /** Completes when the container has ended, or could not be started; reads that fail are no failure of it. */
    CompletableFuture<Command.Result> start(List<String> files) {
        return start(READ_ALL + "true", files);
    }

    /** As {@link #start}, but the container does not end by itself. */
    CompletableFuture<Command.Result> startAndStay(List<String> files) {
        return start(READ_ALL + "sleep infinity", files);
    }

    private CompletableFuture<Command.Result> start(String script, List<String> files) {
        List<String> arguments = new ArrayList<>(
                List.of("run", "--rm", "--snapshotter", SluiceProcess.NAME, "--mount", bind("/usr", "ro"), "--mount"));
        arguments.add("type=bind,src=" + out + ",dst=/out,options=rbind:rw");
        arguments.addAll(List.of(reference, id, "/usr/bin/bash", "-c", script, "read"));
        arguments.addAll(files);
        Command run = node.client().command(arguments.toArray(String[]::new));
        return CompletableFuture.supplyAsync(() -> {
            try {
                return run.runForResult();
            } catch (IOException e) {
                throw new CompletionException(e);
            }
        });
    }

    /** What has become of a container that was started. */
    static Command.Result join(CompletableFuture<Command.Result> container) throws IOException {
        try {
            return container.join();
        } catch (CompletionException e) {
            throw new IOException("a container failed", e);
        }
    }

    private static String bind(String directory, String access) {
        return "type=bind,src=" + directory + ",dst=" + directory + ",options=rbind:" + access;
    }

    /** Whether containerd knows a task of it. */
    boolean isRunning() throws IOException {
        return node.client()
                .command("tasks", "ls", "--quiet")
                .run()
                .stdout()
                .lines()
                .anyMatch(id::equals);
    }

    /** How many files could be read so far. */
    long lines() throws IOException {
        Path file = out.resolve("read");
        try (Stream<String> lines = Files.exists(file) ? Files.lines(file) : Stream.empty()) {
            return lines.count();
        }
    }

    /** Digest by path of what could be read. */
    Map<String, String> read() throws IOException {
        Map<String, String> read = new TreeMap<>();
        Path file = out.resolve("read");
        if (Files.exists(file)) {
            for (String line : Files.readAllLines(file)) {
                String[] digestAndPath = line.split(" +", 2);
                read.put(digestAndPath[1], digestAndPath[0]);
            }
        }
        return read;
    }
}
