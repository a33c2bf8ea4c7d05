package dev.sluice.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.proto.containerd.types.Mount;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Mounts of a snapshot, performed by mount(8) as containerd would. */
record Mounted(Path path) implements AutoCloseable {
    static Mounted at(Path target, List<Mount> mounts) throws IOException, InterruptedException {
        assumeTrue(Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0), "mounting needs to be root");
        Files.createDirectories(target);
        for (Mount mount : mounts) {
            run(
                    "mount",
                    "-t",
                    mount.getType(),
                    "-o",
                    String.join(",", mount.getOptionsList()),
                    mount.getSource(),
                    target.toString());
        }
        return new Mounted(target);
    }

    @Override
    public void close() throws IOException, InterruptedException {
        run("umount", path.toString());
    }

    private static void run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor())
                .as("%s: %s", String.join(" ", command), output)
                .isZero();
    }
}
