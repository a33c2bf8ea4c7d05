package dev.sluice.cli;

import dev.sluice.daemon.AdminAddressFile;
import dev.sluice.daemon.Config;
import dev.sluice.daemon.ConfigLoader;
import dev.sluice.daemon.DoctorReport;
import dev.sluice.daemon.InvalidConfigException;
import dev.sluice.daemon.Logging;
import dev.sluice.daemon.Runners;
import dev.sluice.install.InstallTarget;
import dev.sluice.registry.ImageReference;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ScopeType;

/** The command line: options become a {@link Config}, and the {@link Runners} do the rest. */
@Command(
        name = "sluice",
        description = "Starts containers before their images have been downloaded.",
        mixinStandardHelpOptions = true,
        versionProvider = VersionText.class,
        scope = ScopeType.INHERIT,
        usageHelpAutoWidth = true,
        footer = {
            "",
            "Settings come from /etc/sluice/config.toml if there is one; options override them.",
            "Exit status: 0 done, 1 failed, 2 the command line or the configuration is wrong."
        })
final class SluiceCommand {
    private static final Path CONFIG = Path.of("/etc/sluice/config.toml");

    private final Runners runners;
    private final PrintWriter out;

    SluiceCommand(Runners runners, PrintWriter out) {
        this.runners = runners;
        this.out = out;
    }

    @Command(description = "Serves containerd as a remote snapshotter, until it is asked to end.")
    int daemon(
            @Option(
                            names = "--config",
                            paramLabel = "FILE",
                            description = "The configuration, instead of /etc/sluice/config.toml.")
                    Optional<Path> config,
            @Option(names = "--root", paramLabel = "DIR", description = "Where layers and snapshots live.")
                    Optional<Path> root,
            @Option(names = "--address", paramLabel = "SOCKET", description = "The socket to serve containerd on.")
                    Optional<Path> address,
            @Option(names = "--containerd", paramLabel = "SOCKET", description = "containerd's own socket.")
                    Optional<Path> containerd,
            @Option(names = "--backend", paramLabel = "BACKEND", description = "auto, cachefiles, fanotify or fuse.")
                    Optional<String> backend,
            @Option(
                            names = "--admin",
                            paramLabel = "ADDRESS",
                            description = "Where to answer `sluice status`: a socket, or a loopback host:port.")
                    Optional<String> admin)
            throws InvalidConfigException, IOException, InterruptedException {
        Map<String, String> options = options(root, admin);
        address.ifPresent(path -> options.put("address", absolute(path).toString()));
        containerd.ifPresent(path -> options.put("containerd", absolute(path).toString()));
        backend.ifPresent(name -> options.put("backend", name));
        runners.daemon().run(load(config, options));
        return ExitCode.OK;
    }

    @Command(description = "Says of each layer of an image whether it is lazy here, and what it costs.")
    int explain(
            @Parameters(index = "0", paramLabel = "IMAGE", description = "The image, such as registry.local/app:1.")
                    String reference,
            @Option(
                            names = "--config",
                            paramLabel = "FILE",
                            description = "The configuration, instead of /etc/sluice/config.toml.")
                    Optional<Path> config,
            @Option(names = "--root", paramLabel = "DIR", description = "Where layers and snapshots live.")
                    Optional<Path> root,
            @Option(names = "--json", description = "As JSON.") boolean json)
            throws InvalidConfigException, IOException {
        ImageReference image = image("IMAGE", reference);
        ExplanationText text =
                new ExplanationText(runners.explain().explain(load(config, options(root, Optional.empty())), image));
        out.println(json ? text.json() : text.plain());
        return ExitCode.OK;
    }

    @Command(description = "Mounts an image without containerd.")
    int mount(
            @Parameters(index = "0", paramLabel = "REF", description = "The image, such as docker.io/library/alpine:3.")
                    String reference,
            @Parameters(index = "1", paramLabel = "DIR", description = "Where to mount it.") Path directory,
            @Option(names = "--root", paramLabel = "DIR", description = "Where layers live.") Optional<Path> root,
            @Option(names = "--admin", paramLabel = "ADDRESS", description = "Where the daemon answers.")
                    Optional<String> admin)
            throws InvalidConfigException, IOException {
        ImageReference image = image("REF", reference);
        runners.mount().mount(load(root, admin), image, absolute(directory));
        return ExitCode.OK;
    }

    @Command(description = "Unmounts an image that `sluice mount` has mounted.")
    int umount(
            @Parameters(index = "0", paramLabel = "DIR", description = "Where it is mounted.") Path directory,
            @Option(names = "--root", paramLabel = "DIR", description = "Where layers live.") Optional<Path> root,
            @Option(names = "--admin", paramLabel = "ADDRESS", description = "Where the daemon answers.")
                    Optional<String> admin)
            throws InvalidConfigException, IOException {
        runners.umount().umount(load(root, admin), absolute(directory));
        return ExitCode.OK;
    }

    @Command(description = "Tells what the daemon holds: layers, how much of each is here, mounts.")
    int status(
            @Option(names = "--root", paramLabel = "DIR", description = "Where layers live.") Optional<Path> root,
            @Option(names = "--admin", paramLabel = "ADDRESS", description = "Where the daemon answers.")
                    Optional<String> admin,
            @Option(names = "--json", description = "As JSON.") boolean json)
            throws InvalidConfigException, IOException {
        StatusText text = new StatusText(runners.status().status(load(root, admin)));
        out.println(json ? text.json() : text.plain());
        return ExitCode.OK;
    }

    @Command(description = "Says whether and how Sluice works on this machine, and why.")
    int doctor(
            @Option(names = "--root", paramLabel = "DIR", description = "Where layers are to live.")
                    Optional<Path> root,
            @Option(names = "--admin", paramLabel = "ADDRESS", description = "Where the daemon answers.")
                    Optional<String> admin,
            @Option(
                            names = "--containerd-config",
                            paramLabel = "FILE",
                            defaultValue = "/etc/containerd/config.toml",
                            description = "What containerd is started with, ${DEFAULT-VALUE}.")
                    Path containerdConfig,
            @Option(names = "--json", description = "As JSON.") boolean json)
            throws InvalidConfigException, IOException {
        DoctorReport report = runners.doctor().examine(load(root, admin), absolute(containerdConfig));
        DoctorText text = new DoctorText(report);
        out.println(json ? text.json() : text.plain());
        if (!report.healthy()) {
            throw new IOException("Sluice does not work on this machine like this");
        }
        return ExitCode.OK;
    }

    @Command(
            description = {
                "Writes into containerd's configuration what it needs to use Sluice.",
                "Shows the difference first; keeps what it has changed, for `sluice uninstall`."
            })
    int install(
            @Option(
                            names = "--containerd-config",
                            paramLabel = "FILE",
                            defaultValue = "/etc/containerd/config.toml",
                            description = "What containerd is started with, ${DEFAULT-VALUE}.")
                    Path containerdConfig,
            @Option(names = "--cri", description = "Also has kubelets pull for Sluice.") boolean cri,
            @Option(
                            names = {"--dry-run", "--diff"},
                            description = "Only shows the difference.")
                    boolean dryRun,
            @Option(names = "--yes", description = "Does not ask.") boolean yes,
            @Option(
                            names = "--restart-containerd",
                            description = "Has systemd start containerd again; its containers run on.")
                    boolean restart,
            @Option(
                            names = "--root-directory",
                            paramLabel = "DIR",
                            defaultValue = "/",
                            description = "Where the root directory of the machine is mounted, ${DEFAULT-VALUE}."
                                    + " All other paths are below it.")
                    Path rootDirectory,
            @Option(names = "--address", paramLabel = "SOCKET", description = "The socket that Sluice serves.")
                    Optional<Path> address,
            @Option(names = "--containerd", paramLabel = "SOCKET", description = "containerd's own socket.")
                    Optional<Path> containerd,
            @Option(
                            names = "--containerd-binary",
                            paramLabel = "FILE",
                            description = "containerd's program, if it is at no usual place.")
                    Optional<Path> binary,
            @Option(
                            names = "--containerd-version",
                            paramLabel = "VERSION",
                            description = "Of the containerd that is to read it, such as 1.7; else it is asked.")
                    Optional<String> version,
            @Option(
                            names = "--config",
                            paramLabel = "FILE",
                            description = "Sluice's configuration, instead of /etc/sluice/config.toml.")
                    Optional<Path> config)
            throws InvalidConfigException, IOException {
        InstallTarget target = new InstallOptions(rootDirectory, containerdConfig, config)
                .target(address, containerd, binary, version);
        return new InstallDialog(runners.install(), out, Terminal.STANDARD).install(target, cri, dryRun, yes, restart);
    }

    @Command(description = "Takes back what `sluice install` has written, and nothing else.")
    int uninstall(
            @Option(
                            names = "--containerd-config",
                            paramLabel = "FILE",
                            defaultValue = "/etc/containerd/config.toml",
                            description = "What containerd is started with, ${DEFAULT-VALUE}.")
                    Path containerdConfig,
            @Option(
                            names = {"--dry-run", "--diff"},
                            description = "Only shows the difference.")
                    boolean dryRun,
            @Option(names = "--yes", description = "Does not ask.") boolean yes,
            @Option(names = "--force", description = "Also while containers use Sluice.") boolean force,
            @Option(
                            names = "--restart-containerd",
                            description = "Has systemd start containerd again; its containers run on.")
                    boolean restart,
            @Option(
                            names = "--root-directory",
                            paramLabel = "DIR",
                            defaultValue = "/",
                            description = "Where the root directory of the machine is mounted, ${DEFAULT-VALUE}."
                                    + " All other paths are below it.")
                    Path rootDirectory,
            @Option(names = "--address", paramLabel = "SOCKET", description = "The socket that Sluice serves.")
                    Optional<Path> address,
            @Option(names = "--containerd", paramLabel = "SOCKET", description = "containerd's own socket.")
                    Optional<Path> containerd,
            @Option(
                            names = "--containerd-binary",
                            paramLabel = "FILE",
                            description = "containerd's program, if it is at no usual place.")
                    Optional<Path> binary,
            @Option(
                            names = "--config",
                            paramLabel = "FILE",
                            description = "Sluice's configuration, instead of /etc/sluice/config.toml.")
                    Optional<Path> config)
            throws InvalidConfigException, IOException {
        InstallTarget target = new InstallOptions(rootDirectory, containerdConfig, config)
                .target(address, containerd, binary, Optional.empty());
        return new InstallDialog(runners.install(), out, Terminal.STANDARD)
                .uninstall(target, dryRun, yes, force, restart);
    }

    @Command(description = "Fails what waits for a daemon that does not run: readers get I/O errors.")
    int rescue(
            @Option(
                            names = "--config",
                            paramLabel = "FILE",
                            description = "The configuration, instead of /etc/sluice/config.toml.")
                    Optional<Path> config,
            @Option(names = "--root", paramLabel = "DIR", description = "Where layers live.") Optional<Path> root,
            @Option(names = "--once", description = "Only those that wait now; else until it is asked to end.")
                    boolean once)
            throws InvalidConfigException, IOException {
        Config loaded =
                config.isPresent() ? load(config, options(root, Optional.empty())) : load(root, Optional.empty());
        runners.rescue().rescue(loaded, once);
        return ExitCode.OK;
    }

    @Command(
            description = {
                "Unmounts all layers and ends the keeper, before Sluice is removed.",
                "Fails, and changes nothing, while a container uses them or a daemon runs."
            })
    int cleanup(
            @Option(
                            names = "--config",
                            paramLabel = "FILE",
                            description = "The configuration, instead of /etc/sluice/config.toml.")
                    Optional<Path> config,
            @Option(names = "--root", paramLabel = "DIR", description = "Where layers live.") Optional<Path> root,
            @Option(names = "--check", description = "Only says whether a container uses them; a daemon may run.")
                    boolean check,
            @Option(
                            names = "--delete",
                            description = {
                                "Deletes what Sluice has made in the root directory, too, with all snapshots;",
                                "what somebody else has put there stays."
                            })
                    boolean delete,
            @Option(
                            names = "--list",
                            description = {
                                "Only prints what --delete would delete, one path a line:",
                                "the root directory first, which goes if nothing else is in it. A daemon may run."
                            })
                    boolean list)
            throws InvalidConfigException, IOException {
        if (Stream.of(check, delete, list).filter(option -> option).count() > 1) {
            throw new InvalidConfigException("--check, --delete and --list exclude each other");
        }
        if (list) {
            runners.cleanup()
                    .leftovers(load(config, options(root, Optional.empty())))
                    .forEach(out::println);
            return ExitCode.OK;
        }
        runners.cleanup().cleanup(load(config, options(root, Optional.empty())), check, delete);
        return ExitCode.OK;
    }

    private static Map<String, String> options(Optional<Path> root, Optional<String> admin) {
        Map<String, String> options = new HashMap<>();
        root.ifPresent(path -> options.put("root", absolute(path).toString()));
        admin.ifPresent(text -> options.put("admin", text));
        return options;
    }

    /** Of a daemon that is known only by its root directory, the directory tells where it answers. */
    private static Config load(Optional<Path> root, Optional<String> admin) throws InvalidConfigException, IOException {
        Optional<String> answersAt = admin;
        if (admin.isEmpty() && root.isPresent()) {
            answersAt = new AdminAddressFile(absolute(root.get())).read();
        }
        return load(Optional.empty(), options(root, answersAt));
    }

    /** @param label of the parameter */
    static ImageReference image(String label, String reference) throws InvalidConfigException {
        try {
            return ImageReference.parse(reference).withDefaultTag();
        } catch (IllegalArgumentException e) {
            throw new InvalidConfigException(label + " is not an image reference: " + e.getMessage(), e);
        }
    }

    /** @param file empty for the defaults */
    static Config loadOnly(Optional<Path> file, Map<String, String> options) throws InvalidConfigException {
        Config config = ConfigLoader.load(file, options);
        Logging.apply(config.logLevel(), config.logFormat());
        return config;
    }

    /** @param file instead of the usual one */
    static Config load(Optional<Path> file, Map<String, String> options) throws InvalidConfigException {
        Optional<Path> usual = Files.exists(CONFIG) ? Optional.of(CONFIG) : Optional.empty();
        return loadOnly(file.or(() -> usual), options);
    }

    static Path absolute(Path path) {
        return path.toAbsolutePath().normalize();
    }
}
