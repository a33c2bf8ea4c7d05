package dev.sluice.e2e;

import dev.sluice.e2e.host.Command;
import dev.sluice.e2e.host.Poll;
import dev.sluice.e2e.host.TestBed;
import dev.sluice.e2e.image.Estargz;
import dev.sluice.e2e.image.ImagePublisher;
import dev.sluice.e2e.image.OciLayout;
import dev.sluice.e2e.image.TarEntry;
import dev.sluice.e2e.registry.FaultRegistry;
import dev.sluice.e2e.registry.RegistryProcess;
import dev.sluice.e2e.runtime.ContainerdBinaries;
import dev.sluice.e2e.runtime.ContainerdConfig;
import dev.sluice.e2e.runtime.ContainerdProcess;
import dev.sluice.e2e.runtime.SluiceProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * A daemon that has mounted an image of many files from a registry that misbehaves when it is told to. Each file is read from the
 * registry only once, so each test takes files that nobody has read. Needs root. Thread-safe.
 */
public final class FaultBed {
    private static final int FILE_BYTES = 150_000;

    private static final String REPOSITORY = "faults";
    private static final FaultRegistry.Account ACCOUNT = new FaultRegistry.Account("alice", "s3cret");

    private final FaultRegistry registry;
    private final SluiceProcess daemon;
    private final Path mount;
    private final Duration longest;
    /** Files from this one on are taken: backwards, because what lies behind a file may be read ahead with it. */
    private int untaken;

    private FaultBed(FaultRegistry registry, SluiceProcess daemon, Path mount, Duration longest, int files) {
        this.registry = registry;
        this.daemon = daemon;
        this.mount = mount;
        this.longest = longest;
        this.untaken = files;
    }

    /**
     * How long the daemon waits.
     *
     * @param patience its {@code registry.patience}
     * @param deadline its {@code registry.deadline}
     * @param silence its {@code registry.read_timeout}
     */
    public record Waiting(Duration patience, Duration deadline, Duration silence) {
        private String toml() {
            return "patience = \"%dms\"%ndeadline = \"%dms\"%nread_timeout = \"%dms\"%nconnect_timeout = \"%dms\"%n"
                    .formatted(patience.toMillis(), deadline.toMillis(), silence.toMillis(), silence.toMillis());
        }
    }

    /** What a read came to. */
    public enum Outcome {
        RIGHT_BYTES,
        WRONG_BYTES,
        EIO,
        /** It did not end, in a time in which all deadlines have passed many times. */
        HANG
    }

    /**
     * An image in eStargz form, in a real registry.
     *
     * @param files how many files it has
     */
    public record Image(RegistryProcess registry, int files) {
        /** Makes it, in the directory of the test bed, whose registry stays. */
        public static Image publish(TestBed bed, int files) throws IOException {
            RegistryProcess registry = bed.add(RegistryProcess.start(bed.directory("r")));
            List<TarEntry> entries = new ArrayList<>();
            for (int i = 0; i < files; i++) {
                entries.add(TarEntry.file("file-" + i, content(i)));
            }
            Path layout = bed.directory("image");
            OciLayout.write(layout, "latest", List.of(entries));
            String plain = registry.address() + "/" + REPOSITORY + ":plain";
            ImagePublisher.push(layout, "latest", plain);
            try (ContainerdProcess containerd = ContainerdProcess.start(
                    bed.directory("c"), ContainerdBinaries.installed(), ContainerdConfig.PLAIN)) {
                Estargz.convert(containerd.client(), plain, registry.address() + "/" + REPOSITORY + ":estargz");
            }
            return new Image(registry, files);
        }

        /** How it is called in a registry at another address. */
        public String reference(String address) {
            return address + "/" + REPOSITORY + ":estargz";
        }
    }

    /**
     * Starts the misbehaving registry and the daemon, and mounts the image.
     *
     * @param bed of its own; stops all of it
     */
    public static FaultBed start(TestBed bed, Path distribution, Image image, Waiting waiting) throws IOException {
        FaultRegistry registry = bed.add(FaultRegistry.start(image.registry().port(), Optional.of(ACCOUNT)));
        Path credentials = bed.directory("docker").resolve("config.json");
        Files.writeString(
                credentials, "{\"auths\": {\"%s\": {\"auth\": \"%s\"}}}".formatted(registry.address(), ACCOUNT.auth()));
        String configuration = """
                prefetch = false
                [registry]
                plain_http_hosts = ["%s"]
                config_path = ""
                docker_config = "%s"
                retries = 1
                %s
                [fill]
                read_ahead_max = "0B"
                """.formatted(registry.address(), credentials, waiting.toml());
        SluiceProcess daemon = start(bed, distribution, configuration);
        Path mount = mount(bed, distribution, daemon, image.reference(registry.address()));
        // After a failed read-ahead the kernel asks again, for less: five to seven times for such a file, each with a
        // deadline of its own.
        Duration longest = waiting.deadline().multipliedBy(10).plus(Duration.ofSeconds(60));
        return new FaultBed(registry, daemon, mount, longest, image.files());
    }

    /** Starts a daemon that no containerd uses. */
    public static SluiceProcess start(TestBed bed, Path distribution, String configuration) throws IOException {
        return bed.add(SluiceProcess.start(new SluiceProcess.Settings(
                distribution, bed.directory().resolve("s"), bed.directory().resolve("none"), "auto", configuration)));
    }

    /** Mounts an image and returns where. */
    public static Path mount(TestBed bed, Path distribution, SluiceProcess daemon, String reference)
            throws IOException {
        Path mount = bed.directory("m");
        String sluice = distribution.resolve("bin/sluice").toString();
        Command.of(sluice, "mount", "--admin", daemon.settings().adminSocket().toString(), reference, mount.toString())
                .run();
        bed.add(() -> Command.of(
                        sluice,
                        "umount",
                        "--admin",
                        daemon.settings().adminSocket().toString(),
                        mount.toString())
                .run());
        return mount;
    }

    public FaultRegistry registry() {
        return registry;
    }

    /** The daemon's log so far. */
    public String log() throws IOException {
        return Files.readString(daemon.log());
    }

    /** Numbers of files that were never given before. */
    public synchronized List<Integer> takeFiles(int count) {
        if (count > untaken) {
            throw new IllegalStateException("the image has only " + untaken + " files left");
        }
        List<Integer> numbers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            numbers.add(--untaken);
        }
        return numbers;
    }

    /** Reads whole files at the same time. */
    public CompletableFuture<List<Outcome>> read(List<Integer> numbers) {
        List<CompletableFuture<Outcome>> reads = numbers.stream()
                .map(number -> CompletableFuture.supplyAsync(() -> read(mount, number, longest), Threads.EACH_ITS_OWN))
                .toList();
        return CompletableFuture.allOf(reads.toArray(CompletableFuture[]::new))
                .thenApply(
                        nothing -> reads.stream().map(CompletableFuture::join).toList());
    }

    /**
     * Reads whole files until all of them give right bytes.
     *
     * @return false if one gave wrong bytes, or did not within the time
     */
    public boolean readUntilRight(List<Integer> numbers, Duration within) throws IOException {
        List<Outcome> seen = new ArrayList<>();
        boolean right = Poll.until(within, () -> {
            List<Outcome> outcomes = read(numbers).join();
            seen.addAll(outcomes);
            return outcomes.stream().allMatch(outcome -> outcome == Outcome.RIGHT_BYTES)
                    || outcomes.contains(Outcome.WRONG_BYTES);
        });
        return right && !seen.contains(Outcome.WRONG_BYTES);
    }

    /** Reads a file in another process, which can be killed if it does not come to its end. */
    public static Outcome read(Path mount, int number, Duration longest) {
        Path copy = mount.resolveSibling("copy-" + number);
        try {
            long start = System.nanoTime();
            Command.Result result;
            try {
                result = Command.of("cp", mount.resolve("file-" + number).toString(), copy.toString())
                        .withTimeout(longest)
                        .runForResult();
            } catch (IOException e) {
                if (System.nanoTime() - start >= longest.toNanos()) {
                    return Outcome.HANG;
                }
                throw e;
            }
            if (result.exitCode() == 0) {
                return Arrays.equals(Files.readAllBytes(copy), content(number))
                        ? Outcome.RIGHT_BYTES
                        : Outcome.WRONG_BYTES;
            }
            byte[] begun = Files.exists(copy) ? Files.readAllBytes(copy) : new byte[0];
            if (!Arrays.equals(begun, Arrays.copyOf(content(number), begun.length))) {
                return Outcome.WRONG_BYTES;
            }
            if (result.stderr().contains("Input/output error")) {
                return Outcome.EIO;
            }
            throw new IOException("Tried to read file-" + number + " but failed because: " + result.stderr());
        } catch (IOException e) {
            throw new CompletionException(e);
        }
    }

    /** What a file of the image holds: bytes that do not compress and are not those of any other file. */
    private static byte[] content(int number) {
        byte[] content = new byte[FILE_BYTES];
        new Random(number).nextBytes(content);
        return content;
    }
}
