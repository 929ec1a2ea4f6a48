"""FHIR R4 answers of the test peer: ImagingStudy searches and reads in the shapes seen in the field.

The shape is the path's part after /fhir/:
  redox       Endpoints contained in the Bundle, or in the study for a read; study and series
              address are full retrieve URLs; no id, R5 modality, no paging links
  template    as redox, with {{destination-slug}} in the addresses of a search
  contained   Endpoint contained in the ImagingStudy, address is the service root
  included    Endpoint as an entry with search mode "include"
  urn         as included, matched by a urn:uuid: fullUrl
  referenced  Endpoint/ID, to be read with its own request
  absolute    as referenced, by absolute URL
  foreign     contained, address at the foreign origin
  series      contained, an Endpoint on each series only
  off         the Endpoint's status is "off"
  none        no Endpoint at all
"""
import uuid

SHAPES = ("redox", "template", "contained", "included", "urn", "referenced", "absolute", "foreign",
          "series", "off", "none")
CONNECTION = {"system": "http://terminology.hl7.org/CodeSystem/endpoint-connection-type", "code": "dicom-wado-rs"}
DCM = "http://dicom.nema.org/resources/ontology/DCM"


def endpoint(key, address, status="active"):
    return {"id": key, "status": status, "address": address, "connectionType": CONNECTION,
            "payloadType": [{"text": "DICOM WADO-RS"}], "payloadMimeType": ["application/dicom"],
            "resourceType": "Endpoint"}


def endpoint_urn(key):
    return "urn:uuid:%s" % uuid.uuid5(uuid.NAMESPACE_OID, key)


class Studies:
    """instances: dicom_data.Instance list; root, foreign_root: DICOMweb service roots."""

    def __init__(self, instances, root, foreign_root):
        self.root = root
        self.foreign_root = foreign_root
        self.studies = {}
        for instance in instances:
            series = self.studies.setdefault(instance.study, {})
            series.setdefault(instance.series, []).append(instance)

    def keys(self, query):
        """Study UIDs that a search asks for: by patient (id or Patient/id) and identifier."""
        patients = [value.split("/")[-1] for value in query.get("patient", [])]
        wanted = [value.split("|")[-1].replace("urn:oid:", "") for value in query.get("identifier", [])]
        for uid, series in sorted(self.studies.items()):
            patient = next(iter(series.values()))[0].text(0x00100020)
            if (not patients or patient in patients) and (not wanted or uid in wanted):
                yield uid

    def address(self, shape, uid, series=None):
        if shape in ("redox", "template"):
            root = self.root
            if shape == "template":
                root = root.replace("/dicom-web", "/{{destination-slug}}/dicom-web")
            return root + "/studies/" + uid + ("/series/" + series if series else "")
        return self.foreign_root if shape == "foreign" else self.root

    def endpoints(self, shape, uid):
        """Endpoints of a study: Redox names the study and each series but the first by its own."""
        if shape == "none":
            return []
        status = "off" if shape == "off" else "active"
        series = list(self.studies[uid])
        if shape == "series":
            return [endpoint(key, self.root) for key in series]
        found = [endpoint(uid if shape in ("redox", "template") else "e." + uid[-20:], self.address(shape, uid),
                          status)]
        if shape in ("redox", "template"):
            found += [endpoint(key, self.address(shape, uid, key)) for key in series[1:]]
        return found

    def reference(self, shape, base, key):
        if shape == "urn":
            return endpoint_urn(key)
        if shape in ("included", "referenced"):
            return "Endpoint/" + key
        if shape == "absolute":
            return base + "/Endpoint/" + key
        return "#" + key

    def study(self, shape, base, uid, inside=True):
        """The ImagingStudy; its Endpoints are contained in it where the shape and `inside` say so."""
        endpoints = self.endpoints(shape, uid)
        keys = [item["id"] for item in endpoints]
        redox = shape in ("redox", "template")
        first = next(iter(self.studies[uid].values()))[0]
        resource = {"status": "available", "started": started(first), "description": first.text(0x00081030),
                    "subject": {"display": first.text(0x00100010),
                                "identifier": {"value": first.text(0x00100020)}},
                    "identifier": [{"use": "official", "system": "urn:dicom:uid", "value": "urn:oid:" + uid}],
                    "numberOfSeries": len(self.studies[uid]),
                    "numberOfInstances": sum(map(len, self.studies[uid].values())),
                    "series": [self.series(shape, base, key, instances, keys)
                               for key, instances in self.studies[uid].items()]}
        modality = {"system": DCM, "code": first.text(0x00080060)}
        resource["modality"] = [{"coding": [modality]}] if redox else [modality]
        if keys and shape != "series":
            resource["endpoint"] = [{"reference": self.reference(shape, base, keys[0])}]
        if inside and endpoints and shape not in ("included", "urn", "referenced", "absolute"):
            resource["contained"] = endpoints
        if not redox:
            resource["id"] = "study-" + uid[-40:]
        resource["resourceType"] = "ImagingStudy"
        return resource

    def series(self, shape, base, key, instances, keys):
        first = instances[0]
        item = {"uid": key, "number": first.number(0x00200011, 0), "numberOfInstances": len(instances),
                "modality": {"system": DCM, "code": first.text(0x00080060)},
                "description": first.text(0x0008103E), "instance": [self.instance(shape, one) for one in instances]}
        if key in keys:
            item["endpoint"] = [{"reference": self.reference(shape, base, key)}]
        return item

    def instance(self, shape, one):
        sop_class = one.text(0x00080016)
        if shape not in ("redox", "template"):
            sop_class = {"system": "urn:ietf:rfc:3986", "code": "urn:oid:" + sop_class}
        return {"uid": one.sop, "number": one.number(0x00200013, 0), "sopClass": sop_class}

    def read(self, shape, base, kind, key):
        """A read by id; for ImagingStudy also by the bare UID. None: unknown."""
        for uid in self.studies:
            if kind == "ImagingStudy" and key in (uid, "study-" + uid[-40:]):
                return self.study("redox" if shape == "template" else shape, base, uid)
            for item in self.endpoints(shape, uid):
                if kind == "Endpoint" and item["id"] == key:
                    return item
        return None

    def search(self, shape, base, query, page_size):
        """A page of a search; `page` counts from 0."""
        keys = list(self.keys(query))
        page = int(query.get("page", ["0"])[0])
        shown = keys[page * page_size:(page + 1) * page_size]
        redox = shape in ("redox", "template")
        bundle = {"type": "searchset", "entry": []}
        for uid in shown:
            full = base + ("/ImagingStudy?identifier=" + uid if redox else "/ImagingStudy/study-" + uid[-40:])
            entry = {"fullUrl": full, "resource": self.study(shape, base, uid, inside=not redox)}
            if not redox:
                entry["search"] = {"mode": "match"}
            bundle["entry"].append(entry)
            self.add_endpoints(shape, base, uid, bundle)
        if not redox:
            bundle["total"] = len(keys)
        if (page + 1) * page_size < len(keys):
            rest = "".join("&%s=%s" % (name, value) for name in ("patient", "identifier")
                           for value in query.get(name, []))
            bundle["link"] = [{"relation": "next", "url": "%s/ImagingStudy?x=1%s&page=%d" % (base, rest, page + 1)}]
        bundle["resourceType"] = "Bundle"
        return bundle

    def add_endpoints(self, shape, base, uid, bundle):
        for item in self.endpoints(shape, uid):
            if shape in ("redox", "template"):
                bundle.setdefault("contained", []).append(item)
            elif shape == "included":
                bundle["entry"].append({"fullUrl": base + "/Endpoint/" + item["id"], "resource": item,
                                        "search": {"mode": "include"}})
            elif shape == "urn":
                bundle["entry"].append({"fullUrl": endpoint_urn(item["id"]), "resource": item,
                                        "search": {"mode": "include"}})


def started(instance):
    date = instance.text(0x00080020)
    return "%s-%s-%s" % (date[:4], date[4:6], date[6:8]) if len(date) == 8 else None
