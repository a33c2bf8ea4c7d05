package dev.sluice.ondemand.keeper;

import dev.sluice.linux.Linux;
import dev.sluice.linux.LinuxFile;
import dev.sluice.linux.OpenFlags;
import dev.sluice.ondemand.Probe;
import dev.sluice.ondemand.ProbeResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Whether a process can hold files for us, and outlive what ends the daemon. */
public final class ProcessKeeperProbe implements Probe {
    private static final String NAME = "keeper process";

    private final Linux linux;

    public ProcessKeeperProbe(Linux linux) {
        this.linux = linux;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public ProbeResult run() {
        Path nowhere = Path.of("/dev/null");
        try (LinuxFile file = linux.open(nowhere, OpenFlags.O_RDONLY, 0);
                KeeperProcess process = new KeeperProcesses(
                                linux, nowhere, KeeperRecord.fresh().secret())
                        .start(0, Map.of("probe", file))) {
            try {
                return probe(process, nowhere);
            } finally {
                process.process().kill();
                OwnCgroup.remove();
            }
        } catch (IOException e) {
            return ProbeResult.notOk(NAME, "no process can hold files here: " + e.getMessage());
        }
    }

    private static ProbeResult probe(KeeperProcess process, Path expected) throws IOException {
        List<String> problems = OwnCgroup.moveInto(process.process().pid());
        Map<String, LinuxFile> taken = process.takeFiles();
        try {
            for (LinuxFile file : taken.values()) {
                if (!Files.isSameFile(Path.of("/proc/self/fd/" + file.fd()), expected)) {
                    return ProbeResult.notOk(NAME, "what comes back from a process is not what it was given");
                }
            }
        } finally {
            taken.values().forEach(LinuxFile::close);
        }
        return ProbeResult.ok(
                NAME,
                problems.isEmpty()
                        ? "a process can hold files, in a control group of its own where the daemon has one"
                        : "a process can hold files, but ends with the daemon's control group: "
                                + String.join("; ", problems));
    }
}
