#!/usr/bin/env python3
"""search and fhir against a FHIR R4 server that is not ours: Medplum's router (node/fhir_server.mjs)."""
import base64
import json
import os
import shutil
import subprocess
import unittest

import peers

NODE = os.path.join(peers.HERE, "node")
TOKEN = "the-token"
HEADERS = {"Authorization": "Bearer " + TOKEN, "Content-Type": "application/fhir+json"}
UID = "2.25.77000"


def needs_router():
    folder = os.path.join(NODE, "node_modules", "@medplum")
    there = shutil.which("node") and all(os.path.isdir(os.path.join(folder, name))
                                         for name in ("core", "definitions", "fhir-router"))
    return unittest.skipUnless(there, "node or @medplum/fhir-router is missing (npm ci in tests/integration/node)")


def study(patient, number):
    return {"resourceType": "ImagingStudy", "status": "available", "subject": {"reference": "Patient/" + patient},
            "identifier": [{"system": "urn:dicom:uid", "value": "urn:oid:%s%d" % (UID, number)}],
            "started": "2026-01-%02dT10:00:00Z" % (number + 1), "modality": [{"code": "CT"}],
            "contained": [{"resourceType": "Endpoint", "id": "wado", "status": "active",
                           "connectionType": {"code": "dicom-wado-rs"}, "payloadType": [{"text": "DICOM"}],
                           "address": "https://images.example/dicom-web"}],
            "endpoint": [{"reference": "#wado"}]}


@needs_router()
class Medplum(peers.Case):
    @classmethod
    def setUpClass(cls):
        cls.server = subprocess.Popen(["node", os.path.join(NODE, "fhir_server.mjs")], stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE)
        cls.addClassCleanup(peers.stop, cls.server)
        cls.port = json.loads(cls.server.stdout.readline())["port"]
        cls.base = "http://127.0.0.1:%d/fhir" % cls.port
        cls.patient = cls.create({"resourceType": "Patient", "name": [{"family": "Grün"}]})["id"]
        cls.other = cls.create({"resourceType": "Patient"})["id"]
        cls.studies = [cls.create(study(cls.patient, number)) for number in range(25)]
        cls.create(study(cls.other, 99))

    @classmethod
    def create(cls, resource):
        status, body = peers.request(cls.port, "POST", "/fhir/" + resource["resourceType"], json.dumps(resource), HEADERS)
        assert status == 201, body
        return json.loads(body)

    def fhir(self, *args, token=TOKEN):
        return self.run_wadokit("--fhir", self.base, "--no-progress", *args, env={"WADOKIT_TOKEN": token})

    def test_search_by_patient_follows_every_page(self):
        result = self.fhir("search", "--patient", "Patient/" + self.patient, "--json")
        self.assert_exit(result, 0)
        found = {line["study"] for line in result.lines("study")}
        self.assertEqual(found, {"%s%d" % (UID, number) for number in range(25)})
        self.assert_exit(self.fhir("search", "--patient", "Patient/" + self.patient, "--json", token="wrong"), 3)

    def test_the_contained_endpoint_is_kept_and_used(self):
        result = self.fhir("fhir", "get", "ImagingStudy/" + self.studies[3]["id"])
        self.assert_exit(result, 0)
        self.assertEqual(json.loads(result.out), self.studies[3])
        self.assertEqual(json.loads(result.out)["contained"], study(self.patient, 3)["contained"])
        plan = self.fhir("resolve", "--json", self.write("study.json", result.out))
        self.assert_exit(plan, 0)
        self.assertIn("https://images.example/dicom-web/studies/%s3" % UID, plan.out)

    def test_get_prints_resources_and_searches(self):
        result = self.fhir("fhir", "get", "Patient/" + self.patient)
        self.assert_exit(result, 0)
        self.assertEqual(json.loads(result.out)["name"], [{"family": "Grün"}])
        result = self.fhir("fhir", "get", "ImagingStudy?patient=Patient/" + self.other)
        self.assert_exit(result, 0)
        self.assertEqual(json.loads(result.out)["total"], 1)
        self.assert_exit(self.fhir("fhir", "get", "Patient/00000000-0000-4000-8000-000000000000"), 4)
        self.assert_exit(self.fhir("fhir", "get", "Patient/" + self.patient, token="wrong"), 3)

    def test_binary_is_saved_byte_for_byte(self):
        data = bytes(range(256)) * 300
        made = self.create({"resourceType": "Binary", "contentType": "application/pdf",
                            "data": base64.b64encode(data).decode()})
        os.mkdir(self.out)
        self.assert_exit(self.fhir("fhir", "binary", made["id"], "-o", self.out), 0)
        self.assertEqual(os.listdir(self.out), [made["id"] + ".pdf"])
        with open(os.path.join(self.out, made["id"] + ".pdf"), "rb") as file:
            self.assertEqual(file.read(), data)
        self.assert_exit(self.fhir("fhir", "binary", "00000000-0000-4000-8000-000000000000", "-o", self.out), 4)

    def test_capabilities(self):
        result = self.fhir("--json", "fhir", "capabilities")
        self.assert_exit(result, 0)
        self.assertEqual(result.lines("server")[0]["fhirVersion"], "4.0.1")
        rows = {line["resource"]: line for line in result.lines("resource")}
        self.assertEqual(sorted(rows), ["Binary", "ImagingStudy", "Patient"])
        self.assertEqual(rows["ImagingStudy"]["search"], "patient")


if __name__ == "__main__":
    peers.main()
