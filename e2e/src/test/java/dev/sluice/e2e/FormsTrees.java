package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.e2e.FormsTable.Fetched;
import dev.sluice.e2e.image.ImageForm;
import dev.sluice.e2e.image.Laziness;
import dev.sluice.e2e.image.RemoteManifest;
import dev.sluice.e2e.registry.AccessLog;
import dev.sluice.e2e.registry.RegistryProcess;
import dev.sluice.e2e.runtime.ContainerdBinaries;
import dev.sluice.e2e.runtime.ContainerdConfig;
import dev.sluice.e2e.runtime.SluiceNode;
import dev.sluice.e2e.runtime.SluiceProcess;
import dev.sluice.e2e.tree.TreeDigest;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * One image in every form, on every backend: a container runs from a part of it, and the tree is the one that containerd unpacks from the
 * plain image for overlayfs, except for what the form cannot say ({@link ImageForm#excuses}). Prints what was fetched.
 */
@TestInstance(Lifecycle.PER_CLASS)
abstract class FormsTrees {
    private final FormsBed forms;
    private final List<ImageForm> all;
    private final ContainerdBinaries containerd;
    private final String name;
    private final FormsTable table = new FormsTable();
    private final Map<String, SluiceNode> nodes = new HashMap<>();
    private int containers;

    /**
     * @param all that are to be tried
     * @param containerd for the nodes
     * @param name of the file for the table
     */
    FormsTrees(FormsBed forms, List<ImageForm> all, ContainerdBinaries containerd, String name) {
        this.forms = forms;
        this.all = List.copyOf(all);
        this.containerd = containerd;
        this.name = name;
    }

    /** All forms, or those whose names the environment variable {@code SLUICE_FORMS} has, separated by commas. */
    Stream<Arguments> formsAndBackends() throws IOException {
        List<String> backends = Machine.backends();
        Optional<List<String>> wanted =
                Optional.ofNullable(System.getenv("SLUICE_FORMS")).map(names -> List.of(names.split(",", -1)));
        return all.stream()
                .filter(form -> wanted.isEmpty() || wanted.get().contains(form.name()))
                .flatMap(form -> backends.stream().map(backend -> Arguments.of(form, backend)));
    }

    @AfterAll
    void stop() throws IOException {
        try {
            table.publish(name);
        } finally {
            forms.close();
        }
    }

    @ParameterizedTest(name = "{0}, {1}")
    @MethodSource("formsAndBackends")
    void aContainerRunsFromItAndTheTreeIsTheSame(ImageForm form, String backend) throws IOException {
        String reference = forms.make(form);
        RemoteManifest manifest = RemoteManifest.fetch(reference);
        long whole = manifest.distinctLayerBytes();
        long plain = RemoteManifest.fetch(forms.plain()).distinctLayerBytes();
        SluiceNode node = node(form, backend);
        try {
            Fetched first = use(form, reference, node);
            table.add(form + ", " + backend, manifest, first);
            if (form.laziness() == Laziness.AT_ONCE) {
                // A form may refer to the layers of the image that it was made of.
                assertThat(first.toStart()).isLessThan(Math.max(whole, plain) / 2);
                return;
            }
            assertThat(first.toStart()).isGreaterThanOrEqualTo(whole);
            FormsBed.remove(node, node.client(), reference);
            Fetched again = use(form, reference, node);
            table.add(form + ", " + backend + ", again", manifest, again);
            assertThat(again.toStart()).isLessThan(form.laziness() == Laziness.AGAIN ? whole / 2 : whole);
        } finally {
            FormsBed.remove(node, node.client(), reference);
            FormsBed.forgetIndexes(node);
        }
    }

    private Fetched use(ImageForm form, String reference, SluiceNode node) throws IOException {
        RemoteManifest manifest = RemoteManifest.fetch(reference);
        RegistryProcess registry = forms.registry();
        AccessLog before = registry.accessLog();
        node.client().pull(reference, SluiceProcess.NAME);
        AccessLog pulled = registry.accessLog();
        String id = "c" + containers++;
        String output = node.client()
                .run(reference, SluiceProcess.NAME, id, forms.command())
                .stdout();
        AccessLog started = registry.accessLog();
        TreeDigest tree = ImageTrees.view(
                node.client(), SluiceProcess.NAME, manifest, forms.bed().directory(id));
        AccessLog read = registry.accessLog();

        assertThat(output).isEqualTo(forms.output());
        assertThat(forms.differences(tree, form.excuses())).isEmpty();
        String content = node.client().command("content", "ls", "--quiet").run().stdout();
        assertThat(manifest.layers())
                .allSatisfy(layer -> assertThat(content)
                        .as("containerd's content store")
                        .doesNotContain(layer.path("digest").asText()));
        return new Fetched(pulled.since(before), started.since(pulled), read.since(started));
    }

    private SluiceNode node(ImageForm form, String backend) throws IOException {
        String key = backend + form.configuration();
        SluiceNode known = nodes.get(key);
        if (known != null) {
            return known;
        }
        SluiceNode node = forms.node(containerd, ContainerdConfig.PLAIN, backend, form.configuration());
        nodes.put(key, node);
        return node;
    }
}
