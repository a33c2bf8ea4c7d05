package dev.sluice.kubernetes;

import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.yaml.snakeyaml.LoaderOptions;

/** Reads the files of Kubernetes and its tools, which are YAML, and so may be JSON. Aliases are not followed: those files have none. */
public final class KubernetesYaml {
    /** No such file is so long. */
    private static final int MAX_CHARACTERS = 4 << 20;

    private static final int MAX_DEPTH = 100;

    /** The parser must not quote what it read in its messages. */
    private static final ObjectReader READER = YAMLMapper.builder(YAMLFactory.builder()
                    .loaderOptions(options())
                    .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
                    .build())
            .build()
            .readerFor(JsonNode.class);

    private KubernetesYaml() {}

    private static LoaderOptions options() {
        LoaderOptions options = new LoaderOptions();
        options.setCodePointLimit(MAX_CHARACTERS);
        options.setNestingDepthLimit(MAX_DEPTH);
        return options;
    }

    /**
     * The first document.
     *
     * @throws IOException if it is not an object; the message is a reason that begins with "it", and quotes nothing
     */
    public static JsonNode object(byte[] yaml) throws IOException {
        JsonNode root;
        try {
            root = READER.readTree(new String(yaml, StandardCharsets.UTF_8));
        } catch (IOException e) {
            // Neither as a cause: YAML's messages show the lines around, which may be secret.
            throw new IOException("it is not YAML");
        }
        if (!root.isObject()) {
            throw new IOException("it is not an object of YAML");
        }
        return root;
    }
}
