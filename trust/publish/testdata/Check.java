import java.io.*;
import java.net.URI;
import java.nio.file.*;
import java.security.cert.*;
import java.util.*;

/** Judges leaf.pem by the PKIX of the Java platform, with OCSP or a list as the only source of its status. */
class Check {
    public static void main(String[] args) throws Exception {
        var factory = CertificateFactory.getInstance("X.509");
        var certs = new ArrayList<X509Certificate>();
        for (String name : List.of("leaf.pem", "issuing.pem", "root.pem")) {
            try (var in = Files.newInputStream(Path.of(name))) {
                certs.add((X509Certificate) factory.generateCertificate(in));
            }
        }
        var parameters = new PKIXParameters(Set.of(new TrustAnchor(certs.get(2), null)));
        var checker = (PKIXRevocationChecker) CertPathValidator.getInstance("PKIX").getRevocationChecker();
        var options = EnumSet.of(PKIXRevocationChecker.Option.ONLY_END_ENTITY, PKIXRevocationChecker.Option.NO_FALLBACK);
        if (args[0].equals("crl")) {
            options.add(PKIXRevocationChecker.Option.PREFER_CRLS);
            try (var in = Files.newInputStream(Path.of("list.crl"))) {
                parameters.addCertStore(CertStore.getInstance("Collection", new CollectionCertStoreParameters(List.of(factory.generateCRL(in)))));
            }
        } else {
            checker.setOcspResponder(URI.create(args[1]));
        }
        checker.setOptions(options);
        parameters.addCertPathChecker(checker);
        var path = factory.generateCertPath(certs.subList(0, 2));
        try {
            CertPathValidator.getInstance("PKIX").validate(path, parameters);
            System.out.println("valid");
        } catch (CertPathValidatorException e) {
            System.out.println("refused: " + e.getReason() + ": " + e.getMessage());
        }
    }
}
