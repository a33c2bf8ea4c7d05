package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.e2e.host.CacheDirectory;
import dev.sluice.e2e.host.TestBed;
import dev.sluice.e2e.host.Trees;
import dev.sluice.e2e.image.DebianImage;
import dev.sluice.e2e.image.Excuse;
import dev.sluice.e2e.image.FormsImage;
import dev.sluice.e2e.image.ImageForm;
import dev.sluice.e2e.image.ImageForms;
import dev.sluice.e2e.image.ImagePublisher;
import dev.sluice.e2e.image.Makers;
import dev.sluice.e2e.image.OciLayout;
import dev.sluice.e2e.image.PlainImage;
import dev.sluice.e2e.registry.RegistryProcess;
import dev.sluice.e2e.runtime.ContainerdBinaries;
import dev.sluice.e2e.runtime.ContainerdClient;
import dev.sluice.e2e.runtime.ContainerdConfig;
import dev.sluice.e2e.runtime.ContainerdProcess;
import dev.sluice.e2e.runtime.SluiceNode;
import dev.sluice.e2e.runtime.SluiceProcess;
import dev.sluice.e2e.tree.TreeDigest;
import dev.sluice.e2e.tree.TreeDigest.Difference;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * A registry with an image, the forms that are made of it, and what overlayfs and a container of the ordinary way show of it. Not
 * thread-safe.
 */
final class FormsBed implements AutoCloseable {
    /** What is fetched depends on what is read alone, not on how fast this machine is. */
    private static final String FRUGAL = "prefetch = false\n";

    /** File with the names of prepared forms. */
    private static final String NAMES = "forms";

    private static final Path TOOLS = Path.of("tools").toAbsolutePath();
    private static final String REPOSITORY = "/forms";
    private static final String PLAIN = ":plain";

    private final FormsImage image;
    private final TestBed bed;
    private final RegistryProcess registry;
    private final Optional<ContainerdClient> makers;
    private final Path layout;
    private final Unpacking unpacking;
    private final TreeDigest unpacked;
    private final String output;
    private final Map<String, String> made = new TreeMap<>();

    private FormsBed(FormsImage image, TestBed bed, RegistryProcess registry, List<String> prepared)
            throws IOException {
        this.image = image;
        this.bed = bed;
        this.registry = registry;
        layout = bed.directory("plain");
        prepared.forEach(name -> made.put(name, repository() + ":" + name));
        ContainerdClient ordinary = bed.add(ContainerdProcess.start(
                        bed.directory("o"),
                        Machine.installedContainerd(),
                        // nerdctl holds external tables of contents by no lease until their image is there.
                        ContainerdConfig.PLAIN.withoutGarbageCollection()))
                .client();
        if (prepared.isEmpty()) {
            OciLayout.write(layout, DebianImage.TAG, image.layers());
            ImagePublisher.push(layout, DebianImage.TAG, plain());
            makers = Optional.of(ordinary);
        } else {
            makers = Optional.empty();
        }
        unpacking = Unpacking.beginning(bed.directory());
        unpacked = ImageTrees.unpacked(ordinary, plain(), bed.directory("u"));
        output = ordinary.run(plain(), ContainerdClient.OVERLAYFS, "plain", image.command())
                .stdout();
        assertThat(output).containsPattern("[0-9a-f]{8}");
    }

    /** Makes forms when they are asked for. */
    static FormsBed of(FormsImage image) throws IOException {
        needs();
        TestBed bed = Machine.newTestBed();
        return new FormsBed(image, bed, bed.add(RegistryProcess.start(bed.directory("r"))), List.of());
    }

    /** With the forms that {@link #prepare} has made. */
    static FormsBed prepared(FormsImage image) throws IOException {
        needs();
        Path directory = directory(image);
        assumeTrue(Files.exists(directory), "needs what TestImages makes");
        TestBed bed = Machine.newTestBed();
        List<String> names = Files.readAllLines(directory.resolve(NAMES));
        return new FormsBed(image, bed, bed.add(RegistryProcess.start(directory)), names);
    }

    private static void needs() {
        Machine.assumeRoot();
        Machine.assumePrograms("docker-registry", "skopeo", "python3", "busybox");
    }

    /** Makes all forms that can be made here, or finds them in the cache. */
    static void prepare(FormsImage image) throws IOException {
        Path directory = directory(image);
        if (Files.exists(directory)) {
            return;
        }
        Path storage;
        try (FormsBed forms = of(image)) {
            for (ImageForm form : ImageForms.withFrail()) {
                if (canMake(form)) {
                    forms.make(form);
                }
            }
            forms.registry.close();
            storage = forms.bed.directory().resolve("r");
            Files.delete(storage.resolve("log"));
            Files.write(storage.resolve(NAMES), forms.made.keySet());
            Files.move(storage, directory);
        }
    }

    /** In the cache; another one for other makers. */
    private static Path directory(FormsImage image) throws IOException {
        return CacheDirectory.of("images").resolve("forms-" + image + "-" + Makers.key());
    }

    TestBed bed() {
        return bed;
    }

    RegistryProcess registry() {
        return registry;
    }

    /** Where the image and all of its forms are; the tag of a form is its name. */
    String repository() {
        return registry.address() + REPOSITORY;
    }

    /** Reference of the image that the forms are made of. */
    String plain() {
        return repository() + PLAIN;
    }

    /** What its container does. */
    List<String> command() {
        return image.command();
    }

    /** What that prints. */
    String output() {
        return output;
    }

    /** What differs from the unpacked image without an excuse. */
    List<Difference> differences(TreeDigest tree, Set<Excuse> excuses) {
        return unpacking.differences(unpacked, tree, excuses);
    }

    /** Whether this machine has all that the maker needs. */
    static boolean canMake(ImageForm form) throws IOException {
        return form.programs().stream().allMatch(Machine::isInstalled)
                && form.requirement().isMet(TOOLS);
    }

    /** The forms that are there already. */
    Set<String> made() {
        return Set.copyOf(made.keySet());
    }

    /** Makes the image in a form, once; skips the test if that is impossible here. */
    String make(ImageForm form) throws IOException {
        String known = made.get(form.name());
        if (known != null) {
            return known;
        }
        assumeTrue(makers.isPresent() && canMake(form), "needs the makers of " + form);
        Path work = bed.directory("w" + made.size());
        String reference = form.make(new PlainImage(layout, plain(), makers.orElseThrow(), work, TOOLS));
        made.put(form.name(), reference);
        return reference;
    }

    /** Starts a node that knows the registry. */
    SluiceNode node(ContainerdBinaries binaries, ContainerdConfig containerd, String backend, String configuration)
            throws IOException {
        return SluiceNode.start(
                bed.nested(),
                binaries,
                containerd,
                Machine.distribution(),
                backend,
                FRUGAL + SluiceProcess.Settings.plainHttp(List.of(registry.address())) + configuration);
    }

    /** Removes an image, and waits until Sluice has nothing of it but what it has learned of its layers. */
    static void remove(SluiceNode node, ContainerdClient client, String reference) throws IOException {
        client.command("images", "rm", "--sync", reference).run();
        Path layers = node.sluice().settings().root().resolve("layers");
        await().atMost(Duration.ofMinutes(2)).until(() -> children(layers).isEmpty());
    }

    /** Makes Sluice forget that, too: else the next form of the same blobs would need nothing of its own to be lazy. */
    static void forgetIndexes(SluiceNode node) throws IOException {
        for (Path index : children(node.sluice().settings().root().resolve("indexes"))) {
            Trees.delete(index);
        }
    }

    private static List<Path> children(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.toList();
        }
    }

    @Override
    public void close() throws IOException {
        bed.close();
    }
}
