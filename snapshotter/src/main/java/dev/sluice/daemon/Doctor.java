package dev.sluice.daemon;

import dev.sluice.containerd.ContainerdClient;
import dev.sluice.daemon.DoctorReport.Finding;
import dev.sluice.daemon.DoctorReport.Level;
import dev.sluice.install.ContainerdCheck;
import dev.sluice.install.ContainerdConfiguration;
import dev.sluice.install.ContainerdVersion;
import dev.sluice.install.InvalidContainerdConfigException;
import dev.sluice.install.RunningContainerd;
import dev.sluice.linux.Linux;
import dev.sluice.linux.SystemInfo;
import dev.sluice.ondemand.ErofsMounter;
import dev.sluice.ondemand.ErofsMounters;
import dev.sluice.ondemand.ErofsTruncationProbe;
import dev.sluice.ondemand.Keeper;
import dev.sluice.ondemand.Probe;
import dev.sluice.ondemand.ProbeResult;
import dev.sluice.ondemand.cachefiles.CachefilesProbe;
import dev.sluice.ondemand.fanotify.FanotifyProbe;
import dev.sluice.ondemand.fuse.FuseProbe;
import dev.sluice.ondemand.keeper.ProcessKeeperProbe;
import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Looks at this machine and says what Sluice finds there. Changes nothing; the probes mount and unmount scratch images. */
final class Doctor {
    private static final long SCARCE_BYTES = 1L << 30;
    private static final Set<String> UNFIT = Set.of("overlay", "tmpfs", "nfs", "nfs4", "9p");

    private final Linux linux;

    Doctor(Linux linux) {
        this.linux = linux;
    }

    /** @param containerdConfig the file that containerd is started with; need not exist */
    DoctorReport examine(Config config, Path containerdConfig) throws IOException {
        List<Finding> findings = new ArrayList<>();
        findings.add(new Finding("kernel", Level.OK, SystemInfo.kernel().toString()));
        Path scratch = Files.createTempDirectory("sluice-doctor");
        try {
            ErofsMounters.Choice choice = Backends.erofs(config, linux, scratch);
            ErofsMounter erofs = choice.mounter();
            findings.add(new Finding("EROFS", Level.OK, "is mounted on " + erofs.way() + ": " + choice.reason()));
            findings.addAll(backends(config, erofs, scratch));
            findings.add(probe(new ErofsTruncationProbe(linux, erofs, scratch), Level.PROBLEM));
        } finally {
            Files.deleteIfExists(scratch);
        }
        findings.add(root(config.root()));
        Daemon daemon = daemon(config.admin());
        findings.add(daemon.status().map(Doctor::keeper).orElseGet(() -> keeper(config.keeper())));
        // What a running daemon works with counts, not what this command would be configured for.
        Path socket = daemon.status().map(StatusReport::containerd).orElse(config.containerd());
        Path address = daemon.status().map(StatusReport::address).orElse(config.address());
        findings.addAll(containerd(socket, containerdConfig, address));
        findings.addAll(CredentialFindings.of(config, daemon.status().map(StatusReport::credentials)));
        findings.add(daemon.finding());
        return new DoctorReport(findings);
    }

    private List<Finding> backends(Config config, ErofsMounter erofs, Path scratch) {
        Map<BackendChoice, ProbeResult> results = new EnumMap<>(BackendChoice.class);
        results.put(BackendChoice.CACHEFILES, new CachefilesProbe(linux, scratch).run());
        results.put(BackendChoice.FANOTIFY, fanotify(config, scratch));
        results.put(BackendChoice.FUSE, new FuseProbe(linux, erofs, scratch).run());
        List<Finding> findings = new ArrayList<>();
        results.forEach((choice, result) ->
                findings.add(new Finding("backend " + choice, result.ok() ? Level.OK : Level.NOTE, result.reason())));
        results.values().removeIf(result -> !result.ok());
        findings.add(chosen(config.backend(), results.keySet()));
        return findings;
    }

    /** On the file system of the root directory, if there is one yet. */
    private ProbeResult fanotify(Config config, Path scratch) {
        ProbeResult result = new FanotifyProbe(linux, Files.isDirectory(config.root()) ? config.root() : scratch).run();
        return result.ok() && config.keeper() == KeeperChoice.NONE
                ? ProbeResult.notOk(result.name(), "it needs a keeper, and none is configured")
                : result;
    }

    /** @param working in the order in which {@code auto} takes them */
    private static Finding chosen(BackendChoice choice, Set<BackendChoice> working) {
        if (choice == BackendChoice.AUTO) {
            return working.stream()
                    .findFirst()
                    .map(first -> new Finding("backend chosen", Level.OK, choice + ": " + first))
                    .orElseGet(() -> new Finding("backend chosen", Level.PROBLEM, choice + ": none works here"));
        }
        boolean works = working.contains(choice);
        return new Finding(
                "backend chosen",
                works ? Level.OK : Level.PROBLEM,
                choice + (works ? "" : ", which does not work here"));
    }

    private static Finding probe(Probe probe, Level otherwise) {
        ProbeResult result = probe.run();
        return new Finding(probe.name(), result.ok() ? Level.OK : otherwise, result.reason());
    }

    private static Finding keeper(StatusReport daemon) {
        boolean none = daemon.keeper().equals(Keeper.NONE.toString());
        return new Finding(
                "keeper",
                none ? Level.NOTE : Level.OK,
                none
                        ? "none: when the daemon dies, reads of what is not here yet fail"
                        : "the daemon's is " + daemon.keeper());
    }

    /** A service manager's store is seen only by the service. */
    private Finding keeper(KeeperChoice choice) {
        String manager = "; systemd's store, which auto takes where there is no process, is seen by the daemon only";
        return switch (choice) {
            case NONE ->
                new Finding(
                        "keeper",
                        Level.NOTE,
                        "none, as configured: when the daemon dies, reads of what is not here yet fail");
            case FD_STORE -> new Finding("keeper", Level.NOTE, "fd-store, which is seen by the daemon only");
            case PROCESS -> probe(new ProcessKeeperProbe(linux), Level.PROBLEM);
            case AUTO -> {
                ProbeResult result = new ProcessKeeperProbe(linux).run();
                yield new Finding("keeper", result.ok() ? Level.OK : Level.NOTE, result.reason() + manager);
            }
        };
    }

    private static Finding root(Path root) throws IOException {
        Path existing = root;
        while (!Files.exists(existing)) {
            existing = Optional.ofNullable(existing.getParent()).orElse(Path.of("/"));
        }
        FileStore store = Files.getFileStore(existing);
        String text = root + " is on " + store.type() + " with " + (store.getUsableSpace() >> 20) + " MiB free";
        if (UNFIT.contains(store.type())) {
            return new Finding(
                    "root directory", Level.PROBLEM, text + "; it has to be a local file system such as ext4");
        }
        return new Finding("root directory", store.getUsableSpace() < SCARCE_BYTES ? Level.NOTE : Level.OK, text);
    }

    /** The running one, and what its configuration lacks. */
    private static List<Finding> containerd(Path socket, Path file, Path address) {
        List<Finding> findings = new ArrayList<>();
        Optional<RunningContainerd> running = Optional.empty();
        try (ContainerdClient client = new ContainerdClient(socket)) {
            RunningContainerd answer = RunningContainerd.ask(client);
            findings.add(new Finding("containerd", Level.OK, "version " + answer.version() + " answers at " + socket));
            running = Optional.of(answer);
        } catch (IOException e) {
            findings.add(new Finding("containerd", Level.PROBLEM, String.valueOf(e.getMessage())));
        }
        try {
            Optional<ContainerdVersion> version = running.flatMap(RunningContainerd::number);
            boolean wholeSections = version.filter(known -> known.major() == 1).isPresent();
            ContainerdConfiguration configuration = ContainerdConfiguration.read(file, wholeSections);
            findings.addAll(ContainerdFindings.of(
                    new ContainerdCheck(configuration, version, running, address).requirements(), file));
        } catch (InvalidContainerdConfigException e) {
            findings.add(new Finding("containerd: configuration", Level.PROBLEM, String.valueOf(e.getMessage())));
        }
        return findings;
    }

    private static Daemon daemon(AdminAddress address) {
        try (AdminClient client = new AdminClient(address)) {
            StatusReport status = client.status();
            return new Daemon(
                    new Finding("daemon", Level.OK, "version " + status.version() + " answers at " + address),
                    Optional.of(status));
        } catch (IOException e) {
            return new Daemon(new Finding("daemon", Level.NOTE, String.valueOf(e.getMessage())), Optional.empty());
        }
    }

    /** @param status empty if none runs */
    private record Daemon(Finding finding, Optional<StatusReport> status) {}
}
